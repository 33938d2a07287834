"""What all voices that are made elsewhere do alike, against servers that speak their wire."""

from __future__ import annotations

import asyncio
import base64
import io
import logging
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.speech.failures import KEY, failures, what_passes
from tests.speech.speech_server import Answer, json_answer, speech_server
from voicetest.errors import ConnectionFailed, SetupError, VoicetestError
from voicetest.models.retries import Retries
from voicetest.registry import UnknownName
from voicetest.speech.account import Account
from voicetest.speech.cache import Cache
from voicetest.speech.providers import Speech
from voicetest.speech.voices.base import UnspeakableText
from voicetest.speech.voices.cloud import CloudVoice
from voicetest.speech.voices.elevenlabs import ElevenLabsVoice
from voicetest.speech.voices.gemini import GeminiVoice
from voicetest.speech.voices.openai import OpenAIVoice
from voicetest.speech.workers import Workers
from voicetest.spending import LimitReached, Spending, Spent

SOUND = bytes(range(250)) * 40
TEXT = "I was charged twice."


def _wav(data: bytes, rate: int = 24_000, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(data)
    return file.getvalue()


def _bare(data: bytes) -> Answer:
    return Answer(data)


def _of_gemini(data: bytes, kind: str = "audio/L16;codec=pcm;rate=24000") -> Answer:
    blob = {"mimeType": kind, "data": base64.b64encode(data).decode()}
    return json_answer(
        {
            "candidates": [
                {"content": {"role": "model", "parts": [{"inlineData": blob}]}, "index": 0}
            ],
            "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 50},
        }
    )


@dataclass(frozen=True)
class Kind:
    """One provider: how its voices are made, and how it answers."""

    make: type[CloudVoice]
    name: str
    keys: tuple[str, ...]
    base_env: str
    answer: Callable[[bytes], Answer]

    def voice(self, url: str, account: Account | None = None, more: str = "") -> CloudVoice:
        """A voice of it at an address."""
        named = f"{self.name}?base_url={url}&key_env={self.keys[0]}{more}"
        keys = {self.keys[0]: SecretStr(KEY)}
        return self.make(named, Workers(), account or Account(keys=keys))


KINDS = [
    Kind(OpenAIVoice, "coral", ("OPENAI_API_KEY",), "OPENAI_BASE_URL", _bare),
    Kind(ElevenLabsVoice, "abc123", ("ELEVENLABS_API_KEY",), "ELEVENLABS_BASE_URL", _bare),
    Kind(
        GeminiVoice,
        "Kore",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        "GOOGLE_GEMINI_BASE_URL",
        _of_gemini,
    ),
]

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.make.prefix)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicetest.speech.requests.RETRIES", Retries(first_s=0.002))


@each_kind
@pytest.mark.process
def test_what_comes_is_the_sound(kind: Kind) -> None:
    with speech_server(kind.answer(SOUND)) as server:
        voice = kind.voice(server.url)
        asyncio.run(voice.prepare())
        assert asyncio.run(voice.synthesise(TEXT)).data == SOUND
        assert asyncio.run(voice.said(TEXT)) == TEXT
    assert not voice.local
    assert voice.name.startswith(f"{kind.make.prefix}/{kind.name}?base_url=")


@each_kind
@pytest.mark.process
def test_half_a_sample_at_the_end_is_dropped(kind: Kind) -> None:
    with speech_server(kind.answer(SOUND + b"\x01")) as server:
        assert asyncio.run(kind.voice(server.url).synthesise(TEXT)).data == SOUND


@each_kind
@pytest.mark.process
def test_what_is_spent_is_told_and_a_limit_stops_the_next_text(kind: Kind) -> None:
    spending = Spending(limit_usd=1.0)
    account = Account(spending, {kind.keys[0]: SecretStr(KEY)})
    with speech_server(kind.answer(SOUND)) as server:
        voice = kind.voice(server.url, account)
        asyncio.run(voice.synthesise(TEXT))
        (spent,) = spending.items
        assert spent.what == voice.name
        assert (spent.characters, spent.tokens_out) in ((len(TEXT), 0), (0, 50))
        spending.add(Spent("the agent", cost_usd=1.5))
        with pytest.raises(LimitReached):
            asyncio.run(voice.synthesise("Another text"))
    assert len(server.asked) == 1


@each_kind
@pytest.mark.process
@what_passes
def test_what_passes_is_asked_again(kind: Kind, first: Answer) -> None:
    with speech_server(first, kind.answer(SOUND)) as server:
        assert asyncio.run(kind.voice(server.url).synthesise(TEXT)).data == SOUND
    assert len(server.asked) == 2


@each_kind
@pytest.mark.process
def test_a_slow_first_byte_is_waited_for_but_not_for_ever(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = kind.answer(SOUND)
    slow = Answer(slow.body, media_type=slow.media_type, delay_s=0.6)
    with speech_server(slow) as server:
        assert asyncio.run(kind.voice(server.url).synthesise(TEXT)).data == SOUND
        monkeypatch.setattr("voicetest.speech.requests.ATTEMPT_LIMIT_S", 0.05)
        with pytest.raises(ConnectionFailed, match="did not answer in time, 4 times"):
            asyncio.run(kind.voice(server.url).synthesise(TEXT))


@each_kind
@pytest.mark.process
@failures
def test_what_went_wrong_is_told_without_the_key(
    kind: Kind,
    answer: Answer,
    failure: type[VoicetestError],
    words: str,
    requests: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv(kind.keys[0], KEY)
    with (
        caplog.at_level(logging.DEBUG),
        speech_server(answer) as server,
        pytest.raises(failure, match=words) as raised,
    ):
        asyncio.run(kind.voice(server.url).synthesise(TEXT))
    assert len(server.asked) == requests
    assert KEY not in f"{raised.value} {raised.value!r} {caplog.text}"


@each_kind
@pytest.mark.process
def test_no_sound_at_all_is_no_success(kind: Kind) -> None:
    with speech_server(kind.answer(b"")) as server, pytest.raises(ConnectionFailed):
        asyncio.run(kind.voice(server.url).synthesise(TEXT))


@each_kind
def test_without_a_key_the_environment_lacks_something(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in kind.keys:
        monkeypatch.delenv(key, raising=False)
    voice = kind.make(kind.name, Workers())
    for work in (voice.prepare, lambda: voice.synthesise(TEXT)):
        with pytest.raises(SetupError, match=f"needs {kind.keys[0]} in the environment"):
            asyncio.run(work())


@each_kind
@pytest.mark.process
def test_the_address_and_the_key_of_the_environment_are_used(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    with speech_server(kind.answer(SOUND)) as server:
        monkeypatch.setenv(kind.base_env, server.url)
        monkeypatch.setenv(kind.keys[0], KEY)
        voice = kind.make(kind.name, Workers())
        assert asyncio.run(voice.synthesise(TEXT)).data == SOUND
    assert any(KEY in value for value in server.asked[0].headers.values())


@each_kind
@pytest.mark.process
def test_an_address_in_a_scenario_is_not_given_the_key_of_the_environment(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(kind.keys[0], KEY)
    with speech_server(kind.answer(SOUND)) as server:
        voice = kind.make(f"{kind.name}?base_url={server.url}", Workers())
        asyncio.run(voice.synthesise(TEXT))
    (asked,) = server.asked
    assert KEY not in f"{asked.path} {asked.headers} {asked.body!r}"


@each_kind
def test_everything_that_decides_the_sound_is_in_the_identity(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    def identity(more: str = "") -> str:
        return kind.make(f"{kind.name}{more}", Workers()).identity

    options = sorted(kind.make.options - {"key_env", "base_url"})
    written = ["", *(f"?{option}=x1" for option in options), "?base_url=http://127.0.0.1:9"]
    found = [identity(more) for more in written]
    monkeypatch.setenv(kind.base_env, "http://127.0.0.1:10")
    found.append(identity())
    assert len(set(found)) == len(found)
    assert identity("?key_env=ANY") == identity()
    assert identity(f"?model={kind.make.default_model}") == identity()


@each_kind
def test_a_rate_or_a_length_that_it_cannot_speak_is_refused(kind: Kind) -> None:
    voice = kind.make(kind.name, Workers(), Account(keys={kind.keys[0]: SecretStr(KEY)}))
    with pytest.raises(UnspeakableText, match=r"speaks at a rate of .*, not 5"):
        asyncio.run(voice.synthesise(TEXT, 5.0))
    with pytest.raises(UnspeakableText, match="characters at a time, not 50000"):
        asyncio.run(voice.synthesise("x" * 50_000))


@pytest.mark.process
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(SOUND, media_type="audio/mpeg"), "it sends audio/mpeg, and no sound that was"),
        (Answer(SOUND, media_type="audio/wav"), "a WAV file that cannot be read"),
        (Answer(_wav(SOUND, channels=2)), "a WAV file that is not PCM16 mono"),
        (Answer(SOUND, media_type="audio/pcm;rate=1"), "it sends sound at 1 Hz"),
    ],
)
def test_what_is_not_the_sound_that_was_asked_for_is_refused(answer: Answer, words: str) -> None:
    with speech_server(answer) as server, pytest.raises(ConnectionFailed, match=words):
        asyncio.run(KINDS[0].voice(server.url).synthesise(TEXT))


@pytest.mark.process
@pytest.mark.parametrize(
    "answer",
    [
        Answer(_wav(SOUND), media_type="audio/wav"),
        Answer(_wav(SOUND), media_type="audio/pcm"),
        Answer(SOUND, media_type="application/octet-stream"),
    ],
)
def test_servers_that_copy_an_interface_may_send_a_wav_file(answer: Answer) -> None:
    with speech_server(answer) as server:
        assert asyncio.run(KINDS[0].voice(server.url).synthesise(TEXT)).data == SOUND


@pytest.mark.process
def test_sound_at_another_rate_is_converted() -> None:
    with speech_server(Answer(_wav(bytes(32_000), 16_000), media_type="audio/wav")) as server:
        sound = asyncio.run(KINDS[0].voice(server.url).synthesise(TEXT))
    assert sound.duration == pytest.approx(1.0)


@pytest.mark.process
def test_voices_of_two_providers_work_side_by_side(tmp_path: Path) -> None:
    async def speak(speech: Speech, names: list[str]) -> list[Any]:
        jobs = [speech.voice(name).synthesise(TEXT) for name in names for _ in range(3)]
        return [sound.data for sound in await asyncio.gather(*jobs)]

    with (
        speech_server(_bare(SOUND)) as one,
        speech_server(_bare(SOUND[::-1])) as other,
        speech_server(_of_gemini(SOUND[:100])) as third,
        Speech(Cache(tmp_path)) as speech,
    ):
        names = [
            f"openai/coral?base_url={one.url}",
            f"openai/coral?base_url={other.url}",
            f"gemini/Kore?base_url={third.url}",
        ]
        found = asyncio.run(speak(speech, names))
    assert found == [SOUND] * 3 + [SOUND[::-1]] * 3 + [SOUND[:100]] * 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("openai/corall", r"openai has no voice 'corall' \(did you mean 'coral'\?\)"),
        ("openai", "openai has no voice ''"),
        ("openai/coral?language=de", "openai has no option 'language'"),
        ("gemini/kore", r"gemini has no voice 'kore' \(did you mean 'Kore'\?\)"),
        ("elevenlabs/a/b", "elevenlabs takes the id of a voice"),
        ("elevenlabs/x?instructions=calm", "elevenlabs has no option 'instructions'"),
    ],
)
def test_a_voice_that_is_not_there_is_an_unknown_name(
    tmp_path: Path, name: str, message: str
) -> None:
    with Speech(Cache(tmp_path)) as speech, pytest.raises(UnknownName, match=message):
        speech.voice(name)
