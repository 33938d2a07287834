"""The settings of the LiveKit adapter, and what is found before anybody is called."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import ValidationError

from voicetest.adapters.base import World
from voicetest.adapters.livekit import KEY, SECRET, URL, LiveKitAgentAdapter
from voicetest.clock import Clock
from voicetest.errors import ScenarioError, SetupError
from voicetest.run import plan
from voicetest.speech.providers import Speech

CALL = """
version: 1
agent: {adapter: livekit, simulator: {greeting: Hello.}}
script: [agent]
"""


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (URL, KEY, SECRET):
        monkeypatch.delenv(name, raising=False)


def test_what_is_missing_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [text.split()[0] for text in LiveKitAgentAdapter().missing] == [URL, KEY, SECRET]
    monkeypatch.setenv(URL, "wss://mine.example")
    monkeypatch.setenv(KEY, "key")
    (missing,) = LiveKitAgentAdapter().missing
    assert (
        missing
        == f"{SECRET} is not set: set it, or write 'api_secret' under 'agent'; or use --offline"
    )
    monkeypatch.setenv(SECRET, "the-secret")
    adapter = LiveKitAgentAdapter()
    assert adapter.missing == ()
    assert adapter.outside == ("agent.url (mine.example)",)


def test_key_and_secret_are_hidden_wherever_they_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET, "from-the-environment")
    adapter = LiveKitAgentAdapter.model_validate({"api_key": "from-the-file"})
    assert adapter.secrets == {"from-the-file", "from-the-environment"}
    assert "from-the-file" not in repr(adapter)


def test_a_token_that_is_made_elsewhere_stands_in_for_key_and_secret() -> None:
    settings = {"url": "wss://mine.example", "token": "a.b.c"}
    adapter = LiveKitAgentAdapter.model_validate(settings)
    assert adapter.missing == ()
    assert "a.b.c" in adapter.secrets
    with pytest.raises(ValidationError, match="room is in the token"):
        LiveKitAgentAdapter.model_validate(settings | {"room": "mine"})


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "a.e30.c", "a.W10.c"])
def test_a_text_that_is_no_token_of_a_room_is_refused_without_being_shown(
    speech: Speech, token: str
) -> None:
    settings = {"url": "wss://mine.example", "token": token}
    adapter = LiveKitAgentAdapter.model_validate(settings)

    async def main() -> None:
        async with adapter.connect(World(speech.voice, speech.transcriber, speech.cache)):
            pass

    with pytest.raises(SetupError, match=r"^agent.token is no token of a room: it has to be a JWT"):
        asyncio.run(main())


def test_a_simulated_room_runs_in_real_time_and_in_no_other(tmp_path: Path, speech: Speech) -> None:
    file = tmp_path / "call.yaml"
    file.write_text(CALL)
    assert plan(file, {}, speech, offline=True).clock is Clock.REAL
    with pytest.raises(ScenarioError, match=r"agent.adapter \(livekit\) leaves this process"):
        plan(file, {}, speech, "virtual", offline=True)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("url: https://mine.example", "expected an address such as wss://host/path"),
        ("agent_timeout: 5", "5"),
        ("secret: hidden", "unknown key 'secret'"),
    ],
)
def test_a_wrong_setting_is_told_at_its_place(
    tmp_path: Path, speech: Speech, setting: str, message: str
) -> None:
    file = tmp_path / "call.yaml"
    file.write_text(CALL.replace("livekit,", f"livekit, {setting},"))
    with pytest.raises(ScenarioError, match=message):
        plan(file, {}, speech)
