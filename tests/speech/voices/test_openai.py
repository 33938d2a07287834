"""What OpenAI is asked for a text."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from openai.types.audio import SpeechCreateParams
from pydantic import TypeAdapter

from tests.speech.speech_server import Answer, speech_server
from voicetest.registry import UnknownName
from voicetest.speech.voices.openai import OpenAIVoice
from voicetest.speech.workers import Workers


def _asked(name: str, rate: float = 1.0) -> tuple[str, Any]:
    with speech_server(Answer(b"\x00\x01" * 10)) as server:
        voice = OpenAIVoice(name.replace("URL", f"base_url={server.url}/v1"), Workers())
        asyncio.run(voice.synthesise("Hello.", rate))
    (asked,) = server.asked
    return asked.path, asked.json


@pytest.mark.process
def test_a_text_is_asked_for_as_bare_samples() -> None:
    path, body = _asked("coral?URL")
    assert path == "/v1/audio/speech"
    expected = {"model": "gpt-4o-mini-tts", "voice": "coral", "input": "Hello."}
    assert body == {**expected, "response_format": "pcm"}
    TypeAdapter(SpeechCreateParams).validate_python(body, strict=True)


@pytest.mark.process
def test_model_rate_and_instructions_are_passed_on() -> None:
    _, body = _asked("sage?model=tts-2&instructions=Sound tired.&URL", 1.5)
    assert (body["model"], body["speed"], body["instructions"]) == ("tts-2", 1.5, "Sound tired.")
    TypeAdapter(SpeechCreateParams).validate_python(body, strict=True)


@pytest.mark.process
def test_a_voice_that_a_customer_has_made_is_asked_for_by_its_id() -> None:
    assert _asked("voice_1234?URL")[1]["voice"] == {"id": "voice_1234"}


@pytest.mark.process
def test_a_server_that_copies_the_interface_may_have_other_voices() -> None:
    assert _asked("af_sky?URL")[1]["voice"] == "af_sky"


def test_voices_are_listed_and_their_names_checked() -> None:
    assert "coral" in OpenAIVoice.voices()
    with pytest.raises(UnknownName):
        OpenAIVoice("af_sky", Workers())
