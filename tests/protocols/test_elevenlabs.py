"""The messages of ElevenLabs Agents, against documented ones and the vendor's own package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

import pytest
from elevenlabs.conversational_ai.conversation import (
    ClientToOrchestratorEvent,
    ContextualUpdateClientToOrchestratorEvent,
    MultimodalMessageClientToOrchestratorEvent,
    UserActivityClientToOrchestratorEvent,
    UserMessageClientToOrchestratorEvent,
)
from elevenlabs.types import ConversationInitiationClientDataRequestInput
from elevenlabs.types.client_event import ClientEvent
from hypothesis import given
from hypothesis import strategies as st

from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
from voicetest.errors import ProtocolError
from voicetest.events import (
    Audio,
    Cleared,
    Event,
    Failed,
    Hangup,
    Ignored,
    Ready,
    Text,
    ToolCalled,
    ToolResult,
    Transcript,
    UserTurnEnded,
    Warned,
)
from voicetest.protocols.base import End
from voicetest.protocols.elevenlabs import ElevenLabs, TurnCommit
from voicetest.protocols.elevenlabs_client import ElevenLabsClient
from voicetest.protocols.elevenlabs_messages import PAYLOADS, USUAL, wire_format, wire_name
from voicetest.protocols.elevenlabs_server import ElevenLabsServer
from voicetest.protocols.words import sound_text

WIDE = AudioFormat(Encoding.PCM16, 16_000)
TELEPHONE = AudioFormat(Encoding.MULAW, 8_000)
HALF_A_SECOND = b"\1\0" * 12_000


def _metadata(**formats: Any) -> str:
    said = {"conversation_id": "conv_1", **formats}
    return json.dumps(
        {
            "type": "conversation_initiation_metadata",
            "conversation_initiation_metadata_event": said,
        }
    )


def _audio(data: bytes, event: object = 5) -> str:
    said: dict[str, object] = {"audio_base_64": sound_text(data)}
    if event is not None:
        said["event_id"] = event
    return json.dumps({"type": "audio", "audio_event": said})


def _interruption(event: object) -> str:
    return json.dumps({"type": "interruption", "interruption_event": {"event_id": event}})


def _object(message: bytes | str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(message)
    return value


def _events(codec: ElevenLabsClient, *messages: str) -> list[Event]:
    return [event for message in messages for event in codec.decode(message).events]


def _opened(**settings: Any) -> ElevenLabsServer:
    """A server that has been told of a conversation."""
    server = ElevenLabsServer(**settings)
    for message in ElevenLabsClient().start():
        server.decode(message)
    return server


DOCUMENTED: Mapping[str, tuple[Event, ...]] = {
    '{"type":"user_transcript","user_transcription_event":{"user_transcript":"hi","event_id":4}}': (
        Transcript("user", "hi"),
    ),
    '{"type":"tentative_user_transcript","tentative_user_transcription_event":'
    '{"user_transcript":"h","event_id":4}}': (),
    '{"type":"agent_response","agent_response_event":{"agent_response":"Hello","event_id":5}}': (
        Transcript("agent", "Hello"),
    ),
    '{"type":"agent_response_correction","agent_response_correction_event":'
    '{"original_agent_response":"Hello there","corrected_agent_response":"Hello","event_id":5}}': (
        Transcript("agent", "Hello", "Hello there"),
    ),
    '{"type":"interruption","interruption_event":{"event_id":5}}': (Cleared(),),
    '{"type":"client_tool_call","client_tool_call":{"tool_name":"t","tool_call_id":"c",'
    '"parameters":{"a":1},"event_id":6}}': (ToolCalled("c", "t", '{"a":1}'),),
    '{"type":"client_tool_call","client_tool_call":{"tool_name":"t","tool_call_id":"c"}}': (
        ToolCalled("c", "t", "{}"),
    ),
    '{"type":"agent_tool_request","agent_tool_request":{"tool_name":"t","tool_call_id":"c",'
    '"tool_type":"webhook","event_id":6}}': (),
    '{"type":"agent_tool_response","agent_tool_response":{"tool_name":"t","tool_call_id":"c",'
    '"tool_type":"webhook","is_error":false,"is_called":true,"event_id":6}}': (),
    '{"type":"agent_tool_response","agent_tool_response":{"tool_name":"end_call",'
    '"tool_call_id":"c","tool_type":"system","is_error":false,"is_called":true,"event_id":6}}': (
        Hangup(reason="the agent ended the call"),
    ),
    '{"type":"agent_tool_response","agent_tool_response":{"tool_name":"end_call",'
    '"tool_call_id":"c","tool_type":"system","is_error":true,"event_id":6}}': (
        Warned("the agent's own tool 'end_call' failed"),
    ),
    '{"type":"vad_score","vad_score_event":{"vad_score":0.9}}': (),
    '{"type":"agent_chat_response_part","text_response_part":{"text":"He","type":"delta",'
    '"event_id":5}}': (),
    '{"type":"agent_response_complete"}': (),
    '{"type":"of_tomorrow","payload":7}': (
        Ignored(
            "{type: of_tomorrow, payload: …}", "are none that an ElevenLabs agent is known to send"
        ),
    ),
    '{"type":"error","error_event":{"code":1008,"message":"not allowed",'
    '"error_type":"override_error","reason":"x"}}': (
        Failed("override_error", "not allowed", fatal=True),
    ),
    '{"type":"error","error_event":{"code":1011,"reason":"unknown"}}': (
        Failed("1011", "unknown", fatal=True),
    ),
    '{"type":"error","error_event":{}}': (Failed("error", "", fatal=True),),
}


@pytest.mark.parametrize("message", DOCUMENTED)
def test_documented_messages_say_what_they_mean(message: str) -> None:
    codec = ElevenLabsClient()
    assert codec.decode(message).events == DOCUMENTED[message]
    assert codec.decode(message).replies == ()


def test_every_type_that_is_read_is_one_of_the_vendors() -> None:
    known = set(get_args(get_args(ClientEvent)[0]))
    assert set(PAYLOADS) - known == {"error"}  # which the vendor's AsyncAPI has


@pytest.mark.parametrize(
    ("ping", "event"),
    [
        ({"type": "ping", "ping_event": {"event_id": 1, "ping_ms": None}}, 1),
        ({"type": "ping", "ping_event": {"event_id": 0}}, 0),
        ({"type": "ping", "event_id": 7}, 7),
        ({"type": "ping", "ping_event": {}, "event_id": 8}, 8),
        ({"type": "ping", "ping_event": None, "event_id": "nine"}, "nine"),
        ({"type": "ping", "ping_event": {"ping_ms": 3}}, None),
        ({"type": "ping"}, None),
    ],
)
def test_a_ping_with_a_number_is_answered_at_once(ping: dict[str, Any], event: object) -> None:
    decoded = ElevenLabsClient().decode(json.dumps(ping))
    assert decoded.events == ()
    wanted = [] if event is None else [{"type": "pong", "event_id": event}]
    assert [_object(reply) for reply in decoded.replies] == wanted
    assert ClientToOrchestratorEvent("pong") is ClientToOrchestratorEvent.PONG


def test_the_initiation_is_one_that_the_vendors_package_understands() -> None:
    spoken = ElevenLabs(system_prompt="Be brief.", first_message="Hi", variables={"name": "Ann"})
    (message,) = spoken.client().start()
    value = _object(message)
    assert value == {
        "type": "conversation_initiation_client_data",
        "conversation_config_override": {
            "agent": {"prompt": {"prompt": "Be brief."}, "first_message": "Hi"}
        },
        "dynamic_variables": {"name": "Ann"},
    }
    assert value.pop("type") == ClientToOrchestratorEvent.CONVERSATION_INITIATION_CLIENT_DATA
    read = ConversationInitiationClientDataRequestInput.model_validate(value)
    assert read.conversation_config_override is not None
    agent = read.conversation_config_override.agent
    assert agent is not None
    assert agent.prompt is not None
    assert (agent.prompt.prompt, agent.first_message) == ("Be brief.", "Hi")
    assert read.dynamic_variables == {"name": "Ann"}
    assert not read.model_extra


def test_without_wishes_the_initiation_is_still_sent() -> None:
    (message,) = ElevenLabs().client().start()
    assert _object(message) == {
        "type": "conversation_initiation_client_data",
        "conversation_config_override": {"agent": {}},
    }
    (silent,) = ElevenLabs(first_message="").client().start()
    assert _object(silent)["conversation_config_override"] == {"agent": {"first_message": ""}}


def test_what_is_said_reads_like_the_vendors_own() -> None:
    codec = ElevenLabsClient()
    (typed,) = codec.encode(Text("hello"))
    assert _object(typed) == UserMessageClientToOrchestratorEvent("hello").to_dict()
    (result,) = codec.encode(ToolResult("c", '{"a":1}', failed=True))
    assert _object(result) == {
        "type": ClientToOrchestratorEvent.CLIENT_TOOL_RESULT,
        "tool_call_id": "c",
        "result": '{"a":1}',
        "is_error": True,
    }
    (chunk,) = codec.encode(Audio(AudioChunk(b"\1\0")))
    assert _object(chunk) == {"user_audio_chunk": "AQA="}
    assert codec.encode(Audio(AudioChunk(b""))) == ()


def test_formats_are_those_that_are_announced_first() -> None:
    codec = ElevenLabsClient()
    assert (codec.speaks, codec.hears) == (USUAL, USUAL)
    announced = _metadata(agent_output_audio_format="ulaw_8000", user_input_audio_format="pcm_8000")
    (ready,) = _events(codec, announced)
    hears = AudioFormat(Encoding.PCM16, 8_000)
    assert ready == Ready("conv_1", TELEPHONE, hears)
    assert (codec.speaks, codec.hears) == (TELEPHONE, hears)
    assert _events(codec, _metadata(agent_output_audio_format="pcm_16000")) == []
    assert codec.speaks == TELEPHONE
    assert _events(codec, _audio(b"\xff\x7f")) == [Audio(AudioChunk(b"\xff\x7f", TELEPHONE))]


def test_a_format_that_is_not_announced_is_the_usual_one() -> None:
    (ready,) = _events(ElevenLabsClient(), _metadata())
    assert ready == Ready("conv_1", USUAL, WIDE)


@pytest.mark.parametrize(
    "name",
    ["pcm_8000", "pcm_16000", "pcm_22050", "pcm_24000", "pcm_44100", "pcm_48000", "ulaw_8000"],
)
def test_each_documented_format_is_known(name: str) -> None:
    assert wire_name(wire_format(name)) == name


def test_a_format_that_the_platform_lacks_has_no_name() -> None:
    with pytest.raises(ValueError, match="no sound in alaw/8000"):
        wire_name(AudioFormat(Encoding.ALAW, 8_000))


@pytest.mark.parametrize(("name", "shown"), [("opus_48000", "'opus_48000'"), (7, "else than")])
def test_an_unknown_format_is_refused_by_name(name: object, shown: str) -> None:
    with pytest.raises(ProtocolError, match=f"announces .*{shown}.*there is: pcm_8000"):
        ElevenLabsClient().decode(_metadata(agent_output_audio_format=name))


def test_half_a_sample_at_the_end_is_left_out() -> None:
    codec = ElevenLabsClient()
    assert _events(codec, _audio(b"\1\0\2")) == [Audio(AudioChunk(b"\1\0"))]
    assert _events(codec, _audio(b"\1"), _audio(b"")) == []


def test_what_goes_wrong_in_a_conversation_that_goes_on_is_told_once() -> None:
    client = ElevenLabs().client()
    guarded = json.dumps({"type": "guardrail_triggered"})
    assert _events(client, guarded, guarded) == [Warned("a guardrail of the agent was triggered")]
    told = {"tool_name": "look_up", "tool_call_id": "c", "is_error": True, "is_called": True}
    broken = json.dumps({"type": "agent_tool_response", "agent_tool_response": told})
    assert _events(client, broken, broken) == [Warned("the agent's own tool 'look_up' failed")]
    (failed,) = _events(client, json.dumps({"type": "client_error", "client_error": {"why": "x"}}))
    assert isinstance(failed, Failed)
    assert (failed.code, failed.fatal) == ("client_error", False)


def test_an_error_that_closes_as_it_should_is_the_end_of_the_call() -> None:
    over = {"code": 1000, "error_type": "max_duration_exceeded", "message": "600 s are over"}
    message = json.dumps({"type": "error", "error_event": over})
    assert _events(ElevenLabs().client(), message) == [Hangup(reason="600 s are over")]


def test_sound_of_what_was_interrupted_is_thrown_away() -> None:
    codec = ElevenLabsClient()
    one, two = Audio(AudioChunk(b"\1\0")), Audio(AudioChunk(b"\2\0"))
    assert _events(codec, _audio(b"\1\0", 5), _interruption(5)) == [one, Cleared()]
    assert _events(codec, _audio(b"\1\0", 5), _audio(b"\1\0", 4), _audio(b"\1\0", "5")) == []
    assert _events(codec, _audio(b"\2\0", 6)) == [two]
    assert _events(codec, _interruption(3), _audio(b"\1\0", 5)) == [Cleared()]  # out of order
    assert _events(codec, _audio(b"\1\0", None), _audio(b"\1\0", "x")) == [one, one]


def test_without_numbers_an_interruption_clears_only_what_was_sent() -> None:
    codec = ElevenLabsClient()
    bare = '{"type":"interruption","interruption_event":{}}'
    sound = Audio(AudioChunk(b"\1\0"))
    assert _events(codec, bare, _audio(b"\1\0", None), bare) == [Cleared(), sound, Cleared()]


def test_a_second_correction_replaces_the_first() -> None:
    codec = ElevenLabsClient()

    def corrected(text: str) -> str:
        said = {"original_agent_response": "a b c", "corrected_agent_response": text, "event_id": 5}
        return json.dumps(
            {"type": "agent_response_correction", "agent_response_correction_event": said}
        )

    said = (
        '{"type":"agent_response","agent_response_event":{"agent_response":" a b c","event_id":5}}'
    )
    assert _events(codec, said, corrected("a b"), corrected("a")) == [
        Transcript("agent", " a b c"),
        Transcript("agent", "a b", " a b c"),
        Transcript("agent", "a", "a b"),
    ]


@pytest.mark.parametrize(
    "message",
    [
        "[]",
        "nonsense",
        b"\0\1",
        "{}",
        '{"type":7}',
        '{"type":"audio"}',
        '{"type":"audio","audio_event":[]}',
        '{"type":"audio","audio_event":{"event_id":1}}',
        '{"type":"audio","audio_event":{"audio_base_64":"@@@@"}}',
        '{"type":"audio","audio_event":{"audio_base_64":7}}',
        '{"type":"agent_response","agent_response_event":{}}',
        '{"type":"agent_response","agent_response_event":{"agent_response":["x"]}}',
        '{"type":"agent_response_correction","agent_response_correction_event":'
        '{"corrected_agent_response":"x"}}',
        '{"type":"user_transcript","user_transcription_event":{"user_transcript":null}}',
        '{"type":"client_tool_call","client_tool_call":{"tool_name":"t"}}',
        '{"type":"client_tool_call"}',
        '{"type":"error"}',
        '{"type":"conversation_initiation_metadata"}',
        '{"type":"conversation_initiation_metadata","conversation_initiation_metadata_event":{}}',
    ],
)
def test_what_lacks_a_part_is_refused(message: str | bytes) -> None:
    with pytest.raises(ProtocolError, match="the peer sent"):
        ElevenLabsClient().decode(message)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["event_id", "audio_base_64", "agent_response", "user_transcript", "tool_call_id", "text",
     "tool_name", "parameters", "conversation_id", "agent_output_audio_format", "result", "code"]
)  # fmt: skip


@given(
    st.sampled_from([*PAYLOADS, "user_message", "client_tool_result", "multimodal_message"]),
    st.dictionaries(KEYS, json_values) | json_values,
)
def test_nothing_that_is_json_crashes_either_end(kind: str, payload: Any) -> None:
    inner = payload if isinstance(payload, dict) else {}
    message = json.dumps({"type": kind, PAYLOADS.get(kind, kind): payload, **inner})
    for codec in (ElevenLabsClient(), ElevenLabsServer()):
        try:
            codec.decode(message)
        except ProtocolError:
            continue


def test_typed_turns_leave_no_sound() -> None:
    codec = ElevenLabs(TurnCommit.TEXT).client()
    assert codec.sends == {Text, ToolResult}
    assert not codec.continuous


@pytest.mark.parametrize(
    ("name", "wire", "tail"), [("pcm_16000", WIDE, b"\0"), ("ulaw_8000", TELEPHONE, b"\xff")]
)
def test_a_turn_committed_by_silence_is_one_chunk_and_one_of_silence(
    name: str, wire: AudioFormat, tail: bytes
) -> None:
    codec = ElevenLabs(TurnCommit.SILENCE, tail_bytes=600).client()
    codec.decode(_metadata(user_input_audio_format=name))
    assert not codec.continuous
    for _ in range(3):
        assert codec.encode(Audio(AudioChunk(b"\1\2", wire))) == ()
    speech, silence = codec.encode(UserTurnEnded())
    assert _object(speech) == {"user_audio_chunk": sound_text(b"\1\2" * 3)}
    assert _object(silence) == {"user_audio_chunk": sound_text(tail * 600)}
    assert len(codec.encode(UserTurnEnded())) == 1  # nothing of the last turn


def test_the_initiation_is_answered_with_formats_and_a_name() -> None:
    server = ElevenLabsServer(speaks=WIDE, hears=TELEPHONE)
    (message,) = ElevenLabs(first_message="Hi").client().start()
    decoded = server.decode(message)
    (ready,) = decoded.events
    assert isinstance(ready, Ready)
    (metadata,) = decoded.replies
    assert _object(metadata) == {
        "type": "conversation_initiation_metadata",
        "conversation_initiation_metadata_event": {
            "conversation_id": f"conv_{ready.session}",
            "agent_output_audio_format": "pcm_16000",
            "user_input_audio_format": "ulaw_8000",
        },
    }
    assert (server.initiated, server.first_message) == (True, "Hi")
    again = server.decode(message)
    assert (again.events, again.replies) == ((), ())


def test_a_conversation_can_begin_without_its_initiation() -> None:
    server = ElevenLabsServer()
    decoded = server.decode('{"type":"user_message","text":"hello"}')
    assert [type(event) for event in decoded.events] == [Ready, Text]
    assert len(decoded.replies) == 1
    assert not server.initiated


def test_an_answer_has_one_number_and_short_chunks() -> None:
    server = _opened()
    (said,) = server.encode(Transcript("agent", "Hello"))
    pieces = server.encode(Audio(AudioChunk(HALF_A_SECOND * 2 + b"\1\0")))
    ids = [_object(piece)["audio_event"]["event_id"] for piece in pieces]
    assert ids == [_object(said)["agent_response_event"]["event_id"]] * 3
    (second,) = server.encode(Transcript("agent", "And"))
    assert _object(second)["agent_response_event"]["event_id"] > ids[0]


def test_an_interruption_names_the_answer_and_tells_what_was_heard() -> None:
    server, client = _opened(), ElevenLabsClient()
    server.encode(Transcript("agent", "one two three four"))
    (sound, *_) = server.encode(Audio(AudioChunk(HALF_A_SECOND * 2)))
    server.heard(0.5)
    cleared, correction = server.encode(Cleared())
    event = _object(sound)["audio_event"]["event_id"]
    assert _object(cleared)["interruption_event"] == {"event_id": event}
    assert _events(client, str(cleared), str(correction)) == [
        Cleared(),
        Transcript("agent", "one two", "one two three four"),
    ]
    assert _events(client, str(sound)) == []
    (after,) = server.encode(Audio(AudioChunk(b"\1\0")))
    assert _events(client, str(after)) == [Audio(AudioChunk(b"\1\0"))]


def test_what_was_heard_is_told_late_if_it_is_so_wanted() -> None:
    server = _opened(quirks=frozenset({"late_corrections"}))
    server.encode(Transcript("agent", "one two"))
    server.encode(Audio(AudioChunk(HALF_A_SECOND)))
    server.heard(0.25)
    assert len(server.encode(Cleared())) == 1
    types = [_object(message)["type"] for message in server.encode(Transcript("agent", "next"))]
    assert types == ["agent_response", "agent_response_correction"]


def test_an_old_server_numbers_nothing() -> None:
    server = _opened(quirks=frozenset({"no_event_ids"}))
    messages = [
        *server.ping(),
        *server.encode(Transcript("agent", "a")),
        *server.encode(Audio(AudioChunk(b"\1\0"))),
        *server.encode(Cleared()),
    ]
    assert len(messages) == 4
    assert not any("event_id" in str(message) for message in messages)


def test_pings_rise_once_the_conversation_is_open() -> None:
    assert ElevenLabsServer().ping() == ()
    server = _opened()
    first, second = (*server.ping(), *server.ping())
    assert _object(first) == {"type": "ping", "ping_event": {"ping_ms": None, "event_id": 1}}
    assert _object(second)["ping_event"]["event_id"] == 2


def test_what_the_vendors_package_says_is_understood() -> None:
    server = _opened()
    before = server.inputs
    for said, meaning in [
        (UserMessageClientToOrchestratorEvent("hi").to_dict(), (Text("hi"),)),
        (UserMessageClientToOrchestratorEvent().to_dict(), ()),
        (UserActivityClientToOrchestratorEvent().to_dict(), ()),
        (ContextualUpdateClientToOrchestratorEvent("x").to_dict(), ()),
        (MultimodalMessageClientToOrchestratorEvent("hi").to_dict(), (Text("hi"),)),
        (MultimodalMessageClientToOrchestratorEvent(file_id="f").to_dict(), ()),
    ]:
        assert server.decode(json.dumps(said)).events == meaning
    result = {"type": "client_tool_result", "tool_call_id": "c", "result": {"a": 1}}
    assert server.decode(json.dumps(result)).events == (ToolResult("c", '{"a":1}'),)
    assert server.inputs == before + 7
    server.decode('{"type":"pong","event_id":1}')
    assert server.inputs == before + 7


@pytest.mark.parametrize(
    "message",
    [
        '{"type":"flush"}',
        "{}",
        '{"user_audio_chunk":7}',
        '{"type":"user_message","text":7}',
        '{"type":"client_tool_result"}',
    ],
)
def test_what_the_platform_would_not_take_is_refused(message: str) -> None:
    with pytest.raises(ProtocolError, match="the peer sent"):
        _opened().decode(message)


def test_an_override_that_is_not_allowed_is_an_error_of_its_own() -> None:
    server = ElevenLabsServer(quirks=frozenset({"override_refused"}))
    (message,) = ElevenLabs(first_message="Hi").client().start()
    with pytest.raises(ProtocolError, match="override of first_message is not allowed"):
        server.decode(message)
    assert server.complaint == "override_error"
    _opened(quirks=frozenset({"override_refused"}))  # no wish, no refusal


def test_silence_that_was_made_ends_the_first_turn_only_if_the_rest_is_ignored() -> None:
    client = ElevenLabs(TurnCommit.SILENCE).codec(End.CLIENT)
    server = _opened(commit=TurnCommit.SILENCE, quirks=frozenset({"silence_ignored"}))
    ends = [
        UserTurnEnded()
        in [e for m in client.encode(UserTurnEnded()) for e in server.decode(m).events]
        for _ in range(3)
    ]
    assert ends == [True, False, False]
