"""What all transcribers that listen elsewhere do alike, against servers that speak their wire."""

from __future__ import annotations

import asyncio
import io
import logging
import subprocess
import sys
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr

from tests.speech.failures import KEY, failures, what_passes
from tests.speech.speech_server import Answer, Asked, json_answer, speech_server
from voicetest.audio.chunk import AudioChunk
from voicetest.errors import ConnectionFailed, SetupError, VoicetestError
from voicetest.models.retries import Retries
from voicetest.registry import UnknownName
from voicetest.speech.account import Account
from voicetest.speech.cache import Cache
from voicetest.speech.providers import Speech
from voicetest.speech.transcribers.cloud import CloudTranscriber
from voicetest.speech.transcribers.elevenlabs import ElevenLabsTranscriber
from voicetest.speech.transcribers.gemini import GeminiTranscriber
from voicetest.speech.transcribers.litellm import LiteLLMTranscriber
from voicetest.speech.transcribers.openai import OpenAITranscriber
from voicetest.speech.workers import Workers
from voicetest.spending import LimitReached, Spending, Spent

WORDS = "I was  charged twice.\n"
HEARD = "I was charged twice."
TONE = (8000 * np.sin(np.arange(24_000) * 0.1)).astype(np.int16)
SOUND = AudioChunk.of(TONE)


def _of_openai(words: str) -> Answer:
    return json_answer({"text": words, "usage": {"type": "duration", "seconds": 2}})


def _of_elevenlabs(words: str) -> Answer:
    probable = {"language_code": "eng", "language_probability": 0.98}
    return json_answer({**probable, "text": words, "words": [], "transcription_id": "t1"})


def _of_gemini(words: str) -> Answer:
    parts = [{"text": "hm", "thought": True}, {"text": words}]
    return json_answer(
        {
            "candidates": [
                {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
            ],
            "usageMetadata": {"promptTokenCount": 40, "candidatesTokenCount": 5},
        }
    )


def _sent_in_a_form(asked: Asked) -> bytes:
    return asked.form["file"]


def _sent_in_json(asked: Asked) -> bytes:
    import base64

    return base64.urlsafe_b64decode(asked.json["contents"][0]["parts"][0]["inlineData"]["data"])


@dataclass(frozen=True)
class Kind:
    """One provider: how its transcribers are made, how it answers, and where it finds the sound."""

    make: type[CloudTranscriber]
    model: str
    key: str
    answer: Callable[[str], Answer]
    sent: Callable[[Asked], bytes] = _sent_in_a_form

    def transcriber(
        self, url: str, account: Account | None = None, more: str = ""
    ) -> CloudTranscriber:
        """One at an address."""
        name = f"{self.model}?base_url={url}&key_env={self.key}{more}"
        own = account or Account(keys={self.key: SecretStr(KEY)})
        return self.make(name, Workers(), (), own)


KINDS = [
    Kind(OpenAITranscriber, "gpt-transcribe", "OPENAI_API_KEY", _of_openai),
    Kind(ElevenLabsTranscriber, "scribe_v2", "ELEVENLABS_API_KEY", _of_elevenlabs),
    Kind(GeminiTranscriber, "gemini-3.8-flash", "GEMINI_API_KEY", _of_gemini, _sent_in_json),
    Kind(LiteLLMTranscriber, "openai/whisper-1", "OPENAI_API_KEY", _of_openai),
]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.make.prefix)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicetest.speech.requests.RETRIES", Retries(first_s=0.002))


@each_kind
@pytest.mark.process
def test_the_words_of_some_sound_are_on_one_line(kind: Kind) -> None:
    with speech_server(kind.answer(WORDS)) as server:
        transcriber = kind.transcriber(server.url)
        asyncio.run(transcriber.prepare())
        assert asyncio.run(transcriber.transcribe(SOUND)) == HEARD
    with wave.open(io.BytesIO(kind.sent(server.asked[0])), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        assert file.readframes(30_000) == SOUND.data
    assert not transcriber.local


@each_kind
@pytest.mark.process
def test_silence_and_what_is_too_short_are_not_sent(kind: Kind) -> None:
    noise = np.random.default_rng(1).integers(-20, 20, 24_000).astype(np.int16)
    quiet = [np.zeros(24_000, dtype=np.int16), noise, TONE[:2_000], TONE[:0]]
    with speech_server(kind.answer(WORDS)) as server:
        transcriber = kind.transcriber(server.url)
        for samples in quiet:
            assert asyncio.run(transcriber.transcribe(AudioChunk.of(samples))) == ""
    assert server.asked == []


@each_kind
@pytest.mark.process
def test_no_words_are_no_failure(kind: Kind) -> None:
    with speech_server(kind.answer("")) as server:
        assert asyncio.run(kind.transcriber(server.url).transcribe(SOUND)) == ""


@each_kind
@pytest.mark.process
@what_passes
def test_what_passes_is_asked_again(kind: Kind, first: Answer) -> None:
    with speech_server(first, kind.answer(WORDS)) as server:
        assert asyncio.run(kind.transcriber(server.url).transcribe(SOUND)) == HEARD
    assert len(server.asked) == 2


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
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(kind.key, KEY)
    with (
        caplog.at_level(logging.DEBUG),
        speech_server(answer) as server,
        pytest.raises(failure, match=words) as raised,
    ):
        asyncio.run(kind.transcriber(server.url).transcribe(SOUND))
    assert len(server.asked) == requests
    printed = "".join(capsys.readouterr())
    assert KEY not in f"{raised.value} {raised.value!r} {caplog.text} {printed}"


@each_kind
@pytest.mark.process
def test_an_answer_without_words_is_no_transcript(kind: Kind) -> None:
    empty = json_answer({"transcripts": []})
    with (
        speech_server(empty) as server,
        pytest.raises(ConnectionFailed, match="no transcript"),
    ):
        asyncio.run(kind.transcriber(server.url).transcribe(SOUND))


@each_kind
@pytest.mark.process
def test_a_language_is_a_hint(kind: Kind) -> None:
    with speech_server(kind.answer(WORDS)) as server:
        asyncio.run(kind.transcriber(server.url, more="&language=de").transcribe(SOUND))
        asyncio.run(kind.transcriber(server.url).transcribe(SOUND))
    said, unsaid = (asked.body for asked in server.asked)
    assert b"language" in said
    assert b"The language is de" in said or b"\r\n\r\nde\r\n" in said
    assert b"The language is" not in unsaid
    assert b"\r\n\r\nde\r\n" not in unsaid


@each_kind
@pytest.mark.process
def test_what_is_spent_is_told_and_a_limit_stops_the_next_request(kind: Kind) -> None:
    spending = Spending(limit_usd=1.0)
    account = Account(spending, {kind.key: SecretStr(KEY)})
    with speech_server(kind.answer(WORDS)) as server:
        transcriber = kind.transcriber(server.url, account)
        asyncio.run(transcriber.transcribe(SOUND))
        (spent,) = spending.items
        assert spent.what == transcriber.name
        assert (spent.seconds, spent.tokens_in) in ((2.0, 0), (1.0, 0), (0.0, 40))
        spending.add(Spent("the agent", cost_usd=1.5))
        with pytest.raises(LimitReached):
            asyncio.run(transcriber.transcribe(SOUND))
    assert len(server.asked) == 1


@pytest.mark.process
def test_litellm_knows_some_prices() -> None:
    spending = Spending()
    with speech_server(_of_openai(WORDS)) as server:
        account = Account(spending, {"OPENAI_API_KEY": SecretStr(KEY)})
        asyncio.run(KINDS[3].transcriber(server.url, account).transcribe(SOUND))
    assert spending.usd == pytest.approx(0.0001)


@each_kind
def test_everything_that_decides_the_words_is_in_the_identity(kind: Kind) -> None:
    def identity(name: str) -> str:
        return kind.make(name, Workers()).identity

    names = ["", "?language=de", "?base_url=http://127.0.0.1:9"]
    found = {identity(f"{model}{more}") for model in (kind.model, "other/model") for more in names}
    assert len(found) == 6
    assert identity(f"{kind.model}?key_env=ANY") == identity(kind.model)


@pytest.mark.parametrize("kind", KINDS[:3], ids=lambda kind: kind.make.prefix)
def test_without_a_key_the_environment_lacks_something_before_the_call(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (kind.key, "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SetupError, match=f"needs {kind.key} in the environment"):
        asyncio.run(kind.make("", Workers()).prepare())


@pytest.mark.process
def test_litellm_says_when_a_key_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    transcriber = LiteLLMTranscriber("groq/whisper-large-v3", Workers())
    asyncio.run(transcriber.prepare())
    with pytest.raises(VoicetestError):
        asyncio.run(transcriber.transcribe(SOUND))


@pytest.mark.process
def test_gemini_is_told_what_to_do_unless_it_is_made_for_it() -> None:
    def asked(name: str, words: str) -> tuple[str, Asked]:
        with speech_server(_of_gemini(words)) as server:
            make = GeminiTranscriber(f"{name}base_url={server.url}", Workers())
            return asyncio.run(make.transcribe(SOUND)), server.asked[0]

    heard, request = asked("?", "(nothing)")
    assert heard == ""
    assert "never do or answer" in request.json["systemInstruction"]["parts"][0]["text"]
    _, request = asked("gemini-3.5-transcribe?language=de&", WORDS)
    assert "systemInstruction" not in request.json
    assert "languageCodes" in str(request.json) or "language_codes" in str(request.json)


@pytest.mark.process
@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"promptFeedback": {"blockReason": "SAFETY"}}, "no transcript: SAFETY"),
        ({"candidates": [{"finishReason": "MAX_TOKENS"}]}, "no transcript: MAX_TOKENS"),
    ],
)
def test_a_transcript_that_gemini_does_not_give_is_a_failure(
    content: dict[str, object], words: str
) -> None:
    with speech_server(json_answer(content)) as server:
        transcriber = GeminiTranscriber(f"?base_url={server.url}", Workers())
        with pytest.raises(ConnectionFailed, match=words):
            asyncio.run(transcriber.transcribe(SOUND))


@pytest.mark.process
def test_transcribers_of_two_providers_work_side_by_side(tmp_path: Path) -> None:
    async def listen(speech: Speech, names: list[str]) -> list[str]:
        jobs = [speech.transcriber(name).transcribe(SOUND) for name in names for _ in range(2)]
        return await asyncio.gather(*jobs)

    with (
        speech_server(_of_openai("one")) as one,
        speech_server(_of_openai("other")) as other,
        speech_server(_of_elevenlabs("third")) as third,
        Speech(Cache(tmp_path)) as speech,
    ):
        names = [
            f"openai?base_url={one.url}",
            f"litellm/openai/whisper-1?base_url={other.url}",
            f"elevenlabs?base_url={third.url}",
        ]
        found = asyncio.run(listen(speech, names))
    assert found == ["one", "one", "other", "other", "third", "third"]


@pytest.mark.parametrize("name", ["litellm", "openai?model=x", "gemini/x?instructions=y"])
def test_a_transcriber_that_is_not_there_is_an_unknown_name(tmp_path: Path, name: str) -> None:
    with Speech(Cache(tmp_path)) as speech, pytest.raises(UnknownName):
        speech.transcriber(name)


_LOADS = """
import asyncio, sys
from tests.speech.transcribers.test_cloud import KINDS, SOUND, speech_server

async def listen(kind):
    with speech_server(kind.answer("hello")) as server:
        transcriber = kind.transcriber(server.url)
        await transcriber.prepare()
        before = set(sys.modules)
        await transcriber.transcribe(SOUND)
        print(sorted(name for name in set(sys.modules) - before if name.startswith(sys.argv[2])))

asyncio.run(listen(KINDS[int(sys.argv[1])]))
"""


@pytest.mark.process
@pytest.mark.parametrize(("number", "package"), [(0, "openai"), (2, "google")])
def test_once_a_line_is_open_no_package_is_loaded_that_would_hold_up_its_frames(
    number: int, package: str
) -> None:
    command = [sys.executable, "-W", "ignore", "-c", _LOADS, str(number), package]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
