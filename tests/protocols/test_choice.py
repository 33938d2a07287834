"""The `protocol:` of a scenario: which protocol it names, and what is told if it names none."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from tests.protocols.spoken import mistakes, spoken
from voicetest import registry
from voicetest.adapters.websocket import WebSocketAgentAdapter
from voicetest.errors import SetupError
from voicetest.protocols.base import End
from voicetest.protocols.choice import preset
from voicetest.protocols.json_audio import JsonAudio
from voicetest.protocols.mapped import MessageMap
from voicetest.protocols.raw_pcm import RawPcm, RawPcmSettings
from voicetest.protocols.twilio_settings import MediaStreamSettings
from voicetest.scenario.load import build, load_scenario

INSTALLED = "installed: json_audio, raw_pcm, twilio_media_stream"


class Squeak(RawPcmSettings):
    """A protocol of somebody else's package."""

    pitch: int = 1


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    """Entry points that replace the installed ones for a test."""
    found: list[EntryPoint] = []
    registry.forget()
    monkeypatch.setattr(
        registry, "entry_points", lambda group: [e for e in found if e.group == group]
    )
    yield found
    registry.forget()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("raw_pcm", RawPcmSettings),
        ("json_audio", JsonAudio),
        ("twilio_media_stream", MediaStreamSettings),
    ],
)
def test_a_preset_by_its_name_has_its_usual_settings(name: str, kind: type[RawPcmSettings]) -> None:
    assert type(preset(name)) is kind
    assert spoken(f"protocol: {name}") == spoken(f"protocol: {{preset: {name}}}") == preset(name)


def test_a_preset_may_have_settings() -> None:
    settings = spoken("protocol: {preset: raw_pcm, rate: 8000, encoding: alaw}")
    assert settings == RawPcmSettings.model_validate({"rate": 8000, "encoding": "alaw"})


def test_a_mapping_without_a_preset_is_a_map_of_messages() -> None:
    settings = spoken("protocol: {sends: {audio: binary}, receives: {audio: {a: <audio>}}}")
    assert isinstance(settings, MessageMap)


def test_settings_made_in_python_are_taken_as_they_are() -> None:
    settings = JsonAudio(rate=8_000)
    adapter = WebSocketAgentAdapter.model_validate({"url": "ws://h", "protocol": settings})
    assert adapter.protocol is settings


def test_plain_values_are_read_like_a_file() -> None:
    adapter = WebSocketAgentAdapter.model_validate(
        {"url": "ws://h", "protocol": {"preset": "raw_pcm", "rate": 8000, "events": True}}
    )
    assert adapter.protocol == RawPcmSettings.model_validate({"rate": 8000, "events": True})
    named = WebSocketAgentAdapter.model_validate({"url": "ws://h", "protocol": "json_audio"})
    assert named.protocol == JsonAudio()


@pytest.mark.parametrize(
    ("written", "mistake"),
    [
        ("json", f"1:11: unknown protocol 'json'; {INSTALLED}"),
        (
            "jsonaudio",
            f"1:11: unknown protocol 'jsonaudio' (did you mean 'json_audio'?); {INSTALLED}",
        ),
        (
            "{preset: raw_pmc}",
            f"1:20: unknown protocol 'raw_pmc' (did you mean 'raw_pcm'?); {INSTALLED}",
        ),
        ("5", f"1:11: unknown protocol '5'; {INSTALLED}"),
        ("", "1:10: expected a text, found nothing"),
        ("''", "1:11: expected a text, found nothing"),
        ("[raw_pcm]", "1:11: expected the name of a preset, or a map of messages, found a list"),
        (
            "{preset: [raw_pcm]}",
            "1:20: expected a text, found a list: put a text that starts with '[' in quotes",
        ),
        (
            "{preset: {name: raw_pcm}}",
            "1:20: expected a text, found '{…}' or 'key: value': put the text in quotes",
        ),
        (
            "{preset: raw_pcm, rat: 8000}",
            "1:29: unknown key 'rat' (did you mean 'rate'?)",
        ),
        (
            "{preset: json_audio, sends: {audio: binary}}",
            "1:32: unknown key 'sends'; possible: encoding, rate, paced, silence",
        ),
        ("{preset: json_audio, rate: 24001}", "1:38: expected a multiple of 25, found '24001'"),
        ("{preset: json_audio, rate: 4000}", "1:38: expected at least 8000, found '4000'"),
        ("{preset: json_audio, rate: 96000}", "1:38: expected at most 48000, found '96000'"),
        ("{preset: json_audio, rate: fast}", "1:38: expected a whole number, found 'fast'"),
        (
            "{preset: json_audio, encoding: opus}",
            "1:42: expected 'pcm16', 'mulaw' or 'alaw', found 'opus'",
        ),
        (
            "{preset: json_audio, paced: sometimes}",
            "1:39: expected true or false, found 'sometimes'",
        ),
        (
            "{name: json_audio}",
            "1:11: expected 'preset' with the name of one (json_audio, raw_pcm, "
            "twilio_media_stream), or 'sends' and 'receives' with examples of messages",
        ),
        (
            "{}",
            "1:11: expected 'preset' with the name of one (json_audio, raw_pcm, "
            "twilio_media_stream), or 'sends' and 'receives' with examples of messages",
        ),
    ],
)
def test_a_mistake_is_told_once_where_it_stands(written: str, mistake: str) -> None:
    assert mistakes(f"protocol: {written}\n") == [mistake]


@pytest.mark.parametrize("written", ["'${env.WIRE}'", "{preset: '${env.WIRE}', rate: 8000}"])
def test_a_name_without_its_variable_is_the_environments_fault(
    tmp_path: Path, written: str
) -> None:
    file = tmp_path / "call.yaml"
    agent = f"{{adapter: websocket, url: ws://h, protocol: {written}}}"
    file.write_text(f"version: 1\nagent: {agent}\nscript: [agent]\n")
    loaded = load_scenario(file, environment={})
    with pytest.raises(SetupError, match="a variable here has no value"):
        build(WebSocketAgentAdapter, loaded.scenario.agent.settings, loaded.document)
    loaded = load_scenario(file, environment={"WIRE": "raw_pcm"})
    adapter = build(WebSocketAgentAdapter, loaded.scenario.agent.settings, loaded.document)
    assert isinstance(adapter.protocol, RawPcmSettings)


def test_every_wrong_setting_is_told() -> None:
    assert mistakes("protocol:\n  preset: raw_pcm\n  rate: 4000\n  pased: true\n") == [
        "3:9: expected at least 8000, found '4000'",
        "4:3: unknown key 'pased' (did you mean 'paced'?)",
    ]


def test_a_protocol_of_another_package_comes_through_the_same_door(
    entries: list[EntryPoint],
) -> None:
    entries.append(EntryPoint("squeak", f"{__name__}:Squeak", registry.PROTOCOLS))
    settings = spoken("protocol: {preset: squeak, pitch: 3, rate: 8000}")
    assert settings == Squeak.model_validate({"pitch": 3, "rate": 8000})
    assert isinstance(settings.codec(End.CLIENT), RawPcm)
    assert mistakes("protocol: {preset: squeak, pich: 3}") == [
        "1:28: unknown key 'pich' (did you mean 'pitch'?)"
    ]
    assert mistakes("protocol: raw_pcm") == ["1:11: unknown protocol 'raw_pcm'; installed: squeak"]


@pytest.mark.parametrize("written", ["squeak", "{preset: squeak, pitch: 3}"])
def test_a_protocol_whose_package_is_missing_says_what_to_install(
    entries: list[EntryPoint], written: str
) -> None:
    entries.append(EntryPoint("squeak", "no_such_package:Squeak [squeak]", registry.PROTOCOLS))
    message = r"the protocol 'squeak' needs no_such_package.*pip install 'voicetest\[squeak\]'"
    with pytest.raises(SetupError, match=message):
        spoken(f"protocol: {written}")
    with pytest.raises(SetupError, match=message):
        preset("squeak")


def test_what_another_package_registers_has_to_be_settings(entries: list[EntryPoint]) -> None:
    entries.append(EntryPoint("squeak", "json:loads", registry.PROTOCOLS))
    (mistake,) = mistakes("protocol: squeak")
    assert mistake.startswith("1:11: expected")
    assert "ProtocolSettings" in mistake


def test_an_unknown_name_in_python_is_told_as_well() -> None:
    with pytest.raises(registry.UnknownName, match="did you mean 'raw_pcm'"):
        preset("raw_pmc")
