from __future__ import annotations

from typing import get_args

import pytest
from elevenlabs.types.client_event import ClientEvent
from openai.types.realtime import realtime_server_event

from voicetest.events import AgentTurnStarted, Ignored
from voicetest.protocols.base import Codec, End
from voicetest.protocols.elevenlabs import ElevenLabs
from voicetest.protocols.gemini_live import GeminiLive
from voicetest.protocols.openai_realtime import OpenAIRealtime
from voicetest.protocols.vapi import Vapi
from voicetest.protocols.vapi_message import BY_DEFAULT, NEEDED
from voicetest.protocols.vocabulary import ELEVENLABS, GEMINI, OPENAI, VAPI, Vocabulary

PLATFORMS: dict[str, tuple[Codec[bytes | str], str]] = {
    "openai": (OpenAIRealtime(End.CLIENT), '{"type":"brand.new","a":1}'),
    "elevenlabs": (ElevenLabs().codec(End.CLIENT), '{"type":"brand.new","a":1}'),
    "vapi": (Vapi(End.CLIENT), '{"type":"brand.new","a":1}'),
    "gemini": (GeminiLive(End.CLIENT), '{"brandNew":{},"a":1}'),
}


def _types(union: object) -> set[str]:
    """The names of the events of OpenAI's package."""
    members = get_args(get_args(union)[0])
    return {get_args(member.model_fields["type"].annotation)[0] for member in members}


@pytest.mark.parametrize("name", PLATFORMS)
def test_what_a_platform_is_not_known_to_send_is_told_of(name: str) -> None:
    codec, message = PLATFORMS[name]
    (ignored,) = codec.decode(message).events
    assert isinstance(ignored, Ignored)
    assert not ignored.known
    assert "is known to send" in ignored.why


@pytest.mark.parametrize(
    ("vocabulary", "names"),
    [
        (OPENAI, _types(realtime_server_event.RealtimeServerEvent)),
        (ELEVENLABS, set(get_args(get_args(ClientEvent)[0]))),
        (VAPI, {*BY_DEFAULT, *NEEDED}),
        (GEMINI, {"setupComplete", "serverContent", "usageMetadata"}),
    ],
    ids=["openai", "elevenlabs", "vapi", "gemini"],
)
def test_what_the_vendor_describes_is_known(vocabulary: Vocabulary, names: set[str]) -> None:
    assert names
    assert [name for name in sorted(names) if vocabulary.ignored(name, {"type": name})] == []


def test_an_answer_of_gemini_that_is_only_to_be_read_is_told_of() -> None:
    said = '{"serverContent":{"modelTurn":{"parts":[{"text":"Hello."}]}}}'
    ignored, begun = GeminiLive(End.CLIENT).decode(said).events
    assert begun == AgentTurnStarted()
    shape = "{modelTurn: {parts: [{text: …}]}}"
    assert ignored == Ignored(shape, "hold text that nobody speaks")
    thought = said.replace('"text"', '"thought":true,"text"')
    assert GeminiLive(End.CLIENT).decode(thought).events == ()


def test_sound_of_gemini_that_is_no_pcm_is_told_of() -> None:
    said = '{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/wav"}}]}}}'
    (ignored,) = GeminiLive(End.CLIENT).decode(said).events
    assert ignored == Ignored("{inlineData: {mimeType: audio/wav}}", "hold no PCM sound")
