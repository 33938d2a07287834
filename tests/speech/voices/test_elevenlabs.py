"""What ElevenLabs is asked for a text, held against what its own SDK asks."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from elevenlabs import ElevenLabs, VoiceSettings
from pydantic import SecretStr

from tests.speech.speech_server import Answer, Asked, speech_server
from voicetest.speech.account import Account
from voicetest.speech.voices.elevenlabs import SARAH, ElevenLabsVoice
from voicetest.speech.workers import Workers

SOUND = Answer(b"\x00\x01" * 10)


def _asked(name: str, monkeypatch: pytest.MonkeyPatch, rate: float = 1.0) -> Asked:
    account = Account(keys={"ELEVENLABS_API_KEY": SecretStr("xi-secret")})
    with speech_server(SOUND) as server:
        monkeypatch.setenv("ELEVENLABS_BASE_URL", server.url)
        asyncio.run(ElevenLabsVoice(name, Workers(), account).synthesise("Hello.", rate))
    (asked,) = server.asked
    return asked


@pytest.mark.process
def test_a_text_is_asked_for_as_the_sdk_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = _asked("abc?model=eleven_v3&language=de", monkeypatch, 1.1)
    with speech_server(SOUND) as server, httpx.Client() as http:
        client = ElevenLabs(api_key="xi-secret", base_url=server.url, httpx_client=http)
        pieces = client.text_to_speech.convert(
            "abc",
            text="Hello.",
            model_id="eleven_v3",
            language_code="de",
            output_format="pcm_24000",
            voice_settings=VoiceSettings(speed=1.1),
        )
        assert b"".join(pieces) == SOUND.body
    (theirs,) = server.asked
    assert (ours.path, ours.json) == (theirs.path, theirs.json)
    assert ours.headers["xi-api-key"] == theirs.headers["xi-api-key"] == "xi-secret"


@pytest.mark.process
def test_without_an_id_the_environment_names_the_voice_or_else_a_free_one_speaks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ELEVENLABS_VOICE_ID", raising=False)
    assert f"/text-to-speech/{SARAH}?" in _asked("", monkeypatch).path
    default = ElevenLabsVoice("", Workers())
    assert default.name == "elevenlabs"
    monkeypatch.setenv("ELEVENLABS_VOICE_ID", "mine")
    asked = _asked("", monkeypatch)
    assert "/text-to-speech/mine?" in asked.path
    assert asked.json == {"text": "Hello.", "model_id": "eleven_flash_v2_5"}
    assert ElevenLabsVoice("", Workers()).identity != default.identity
    assert ElevenLabsVoice.voices() == (SARAH,)
