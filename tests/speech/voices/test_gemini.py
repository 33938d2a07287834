"""What Gemini is asked for a text."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from tests.speech.speech_server import Answer, Asked, json_answer, speech_server
from voicetest.errors import ConnectionFailed
from voicetest.models.retries import Retries
from voicetest.speech.voices.gemini import GeminiVoice
from voicetest.speech.workers import Workers

TEXT_ONLY = {"content": {"parts": [{"text": "I cannot say that."}]}, "finishReason": "OTHER"}


def _blob(data: bytes) -> dict[str, Any]:
    encoded = base64.b64encode(data).decode()
    return {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": encoded}}


def _parts(*parts: dict[str, Any]) -> Answer:
    return json_answer({"candidates": [{"content": {"parts": list(parts)}}]})


def _asked(name: str, *answers: Answer) -> tuple[bytes, list[Asked]]:
    with speech_server(*answers) as server:
        voice = GeminiVoice(f"{name}base_url={server.url}", Workers())
        sound = asyncio.run(voice.synthesise("Hello."))
    return sound.data, server.asked


@pytest.mark.process
def test_a_text_is_what_is_read_and_instructions_stand_beside_it() -> None:
    _, (asked,) = _asked("Kore?instructions=tired&language=de&", _parts(_blob(b"\x00\x01")))
    assert asked.path == "/v1/models/gemini-3.8-flash-lite-tts:generateContent"
    assert asked.headers["x-goog-api-key"] == "none"
    part = {"text": "Hello.", "speechMetadata": {"style": "tired"}}
    # Its SDK writes some keys with underscores, which protobuf's JSON allows.
    assert asked.json == {
        "contents": [{"parts": [part], "role": "user"}],
        "generationConfig": {
            "responseModalities": ["AUDIO"],
            "speechConfig": {"language_code": "de", "voice_config": {"voice": "Kore"}},
        },
    }


@pytest.mark.process
def test_sound_in_several_parts_is_one_sound() -> None:
    data, (asked,) = _asked("voice_1?model=m&", _parts(_blob(b"\x00\x01"), _blob(b"\x02\x03")))
    assert data == b"\x00\x01\x02\x03"
    assert "/models/m:" in asked.path
    assert asked.json["generationConfig"]["speechConfig"]["voice_config"] == {"voice": "voice_1"}


@pytest.mark.process
def test_an_answer_without_sound_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicetest.speech.requests.RETRIES", Retries(first_s=0.002))
    none = json_answer({"candidates": [TEXT_ONLY]})
    data, asked = _asked("Kore?", none, _parts(_blob(b"\x00\x01")))
    assert (data, len(asked)) == (b"\x00\x01", 2)
    with pytest.raises(ConnectionFailed, match="'no sound came', 4 times"):
        _asked("Kore?", none)


def test_voices_are_listed() -> None:
    assert len(GeminiVoice.voices()) == 30
