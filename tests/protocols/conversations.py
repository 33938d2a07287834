"""The codecs under the law, and what can be said over each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Dtmf,
    Event,
    Failed,
    Hangup,
    Ignored,
    Interrupted,
    Mark,
    Ping,
    Pong,
    Ready,
    ReplyRequested,
    Status,
    Text,
    ToolCalled,
    ToolCancelled,
    ToolResult,
    Transcript,
    TranscriptDelta,
    UserTurnEnded,
    UserTurnStarted,
    Warned,
)
from voicetest.protocols.base import Codec, End
from voicetest.protocols.elevenlabs import ElevenLabs, TurnCommit
from voicetest.protocols.elevenlabs_messages import ENDED
from voicetest.protocols.example import compact
from voicetest.protocols.gemini_live import GeminiLive
from voicetest.protocols.gemini_live_setup import Setup
from voicetest.protocols.in_process import InProcess
from voicetest.protocols.json_audio import JsonAudio
from voicetest.protocols.mapped import MessageMap
from voicetest.protocols.openai_realtime import OpenAIRealtime
from voicetest.protocols.openai_realtime_session import SessionSettings
from voicetest.protocols.pipecat_protobuf import PipecatProtobuf
from voicetest.protocols.raw_pcm import RawPcm
from voicetest.protocols.rtvi import FAILURE
from voicetest.protocols.twilio import MediaStream
from voicetest.protocols.vapi import Vapi

__all__ = ["CODECS", "EVENTS", "conversation", "sound_on"]

A_MAP = MessageMap.model_validate(
    {
        "encoding": "mulaw",
        "agent_rate": 16_000,
        "on_open": [{"op": "hello"}],
        "sends": {
            "audio": "binary",
            "user_turn_started": {"op": "begin"},
            "user_turn_ended": {"op": "end"},
            "reply_request": {"op": "speak"},
            "text": {"op": "text", "words": "<text>"},
            "key": {"op": "key", "pressed": ["<key>"]},
            "mark": {"op": "mark", "label": "<name>"},
            "interrupt": {"op": "stop"},
            "tool_result": {"op": "r", "id": "<id>", "text": "<result_text>", "bad": "<failed>"},
            "hangup": {"op": "bye", "why": "<reason>"},
        },
        "receives": {
            "ready": {"op": "ready", "session": "<session>"},
            "audio": {"op": "audio", "parts": [{"data": {"pcm": "<audio>"}}]},
            "agent_turn_started": {"op": "starts"},
            "agent_turn_ended": {"op": "ends"},
            "agent_transcript": {"op": "said", "by": "bot", "words": "<text>"},
            "agent_transcript_part": {"op": "says", "words": "<text>"},
            "user_transcript": {"op": "said", "by": "user", "words": "<text>"},
            "tool_call": {"op": "call", "id": "<id>", "fn": {"n": "<name>", "a": "<arguments>"}},
            "tool_cancelled": {"op": "never mind", "id": "<id>"},
            "interrupted": {"op": "flush"},
            "mark": {"op": "mark", "label": "<name>"},
            "key": {"op": "key", "pressed": ["<key>"]},
            "error": {"op": "error", "code": "<code>", "message": "<message>"},
            "hangup": {"op": "bye", "why": "<reason>"},
        },
        "replies": [{"to": {"op": "ping", "n": "<n>"}, "send": {"op": "pong", "n": "<n>"}}],
    }
)

CODECS: dict[str, Callable[[End], Codec[Any]]] = {
    "in_process": InProcess,
    "in_process paced": lambda end: InProcess(end, paced=True),
    "raw_pcm": RawPcm,
    "raw_pcm with events": lambda end: RawPcm(end, events=True, paced=True),
    "raw_pcm for telephones": lambda end: RawPcm(end, 8000, Encoding.MULAW),
    "raw_pcm in stereo": lambda end: RawPcm(end, 48_000, channels=2, events=True),
    "json_audio": JsonAudio().codec,
    "json_audio for telephones": JsonAudio(rate=8000, encoding=Encoding.ALAW).codec,
    "map": A_MAP.codec,
    "elevenlabs": ElevenLabs(variables={"name": "Ann"}).codec,
    "elevenlabs with text": ElevenLabs(TurnCommit.TEXT, first_message="").codec,
    "elevenlabs with silence": ElevenLabs(TurnCommit.SILENCE, 1_000).codec,
    "twilio": MediaStream,
    "twilio with utterance ends": lambda end: MediaStream(end, utterance_ends=True, binary=True),
    "gemini_live": GeminiLive,
    "gemini_live automatic": lambda end: GeminiLive(end, Setup(automatic=True)),
    "openai_realtime": OpenAIRealtime,
    "openai_realtime server_vad": lambda end: OpenAIRealtime(
        end, SessionSettings(turn_detection="server_vad")
    ),
    "pipecat_protobuf": PipecatProtobuf,
    "pipecat_protobuf without rtvi": lambda end: PipecatProtobuf(end, 8000, rtvi=False),
    "vapi": Vapi,
    "vapi for telephones": lambda end: Vapi(end, AudioFormat(Encoding.MULAW, 8000)),
}

text = st.text(min_size=1, max_size=20)
visible = text.filter(lambda words: bool(words.strip()))
EVENTS: dict[type[Event], st.SearchStrategy[Event]] = {
    Ready: st.builds(Ready),
    Audio: st.builds(Audio, chunk=st.just(AudioChunk(b""))),
    Text: st.builds(Text, text=text),
    ReplyRequested: st.builds(ReplyRequested),
    UserTurnStarted: st.builds(UserTurnStarted),
    UserTurnEnded: st.builds(UserTurnEnded),
    AgentTurnStarted: st.builds(AgentTurnStarted),
    AgentTurnEnded: st.builds(AgentTurnEnded, reason=st.sampled_from(["", "interrupted"])),
    TranscriptDelta: st.builds(TranscriptDelta, by=st.just("agent"), text=text),
    Transcript: st.builds(Transcript, by=st.sampled_from(["user", "agent"]), text=text),
    Interrupted: st.builds(Interrupted),
    Cleared: st.builds(Cleared),
    Mark: st.builds(Mark, name=text),
    Dtmf: st.builds(Dtmf, key=st.sampled_from("0123456789*#")),
    ToolCalled: st.builds(ToolCalled, id=text, name=text, arguments=st.just('{"a": 1}')),
    ToolResult: st.builds(ToolResult, id=text, content=text, failed=st.booleans()),
    ToolCancelled: st.builds(ToolCancelled, id=text),
    Status: st.builds(Status, text=text),
    Ping: st.builds(Ping, id=text),
    Pong: st.builds(Pong, id=text),
    Warned: st.builds(Warned, message=text),
    Ignored: st.builds(Ignored, shape=text),
    Failed: st.builds(Failed, code=text, message=text),
    Hangup: st.builds(Hangup),
}
values = st.dictionaries(text, st.integers() | text | st.none() | st.booleans(), max_size=2)
json_text = values.map(compact)
of_map: dict[type[Event], st.SearchStrategy[Event]] = {
    AgentTurnEnded: st.builds(AgentTurnEnded),
    ToolCalled: st.builds(ToolCalled, id=text, name=text, arguments=json_text),
    Failed: st.builds(Failed, code=text, message=text),
}
of_json_audio: dict[type[Event], st.SearchStrategy[Event]] = {
    **of_map,
    Failed: st.builds(Failed, code=st.just("error"), message=text),
    Interrupted: st.builds(
        Interrupted, heard_s=st.none() | st.integers(0, 99_999).map(lambda ms: ms / 1000)
    ),
    ToolResult: st.builds(ToolResult, id=text, content=json_text, failed=st.booleans()),
}
of_elevenlabs: dict[type[Event], st.SearchStrategy[Event]] = {
    ToolCalled: st.builds(ToolCalled, id=text, name=text, arguments=json_text),
    Failed: st.builds(Failed, code=text, message=text, fatal=st.just(True)),
    Hangup: st.just(Hangup(reason=ENDED)),
}
OWN: dict[str, dict[type[Event], st.SearchStrategy[Event]]] = {
    "map": {**of_map, Hangup: st.builds(Hangup, reason=text)},
    "json_audio": of_json_audio,
    "json_audio for telephones": of_json_audio,
    "elevenlabs": of_elevenlabs,
    "elevenlabs with text": of_elevenlabs,
    "elevenlabs with silence": of_elevenlabs,
    "pipecat_protobuf": {
        AgentTurnEnded: st.builds(AgentTurnEnded),
        ToolCalled: st.builds(ToolCalled, id=text, name=text, arguments=json_text),
        ToolResult: st.builds(ToolResult, id=text, content=json_text),
        Failed: st.builds(Failed, code=st.just(FAILURE), message=text, fatal=st.booleans()),
    },
    "vapi": {AgentTurnEnded: st.builds(AgentTurnEnded)},
    "vapi for telephones": {AgentTurnEnded: st.builds(AgentTurnEnded)},
}
"""What a protocol can carry of an event that it cannot carry whole."""


def sound_on(wire: AudioFormat) -> st.SearchStrategy[Event]:
    """Sound in the format of a wire."""
    size = wire.frame_bytes
    return st.binary(max_size=64).map(
        lambda data: Audio(AudioChunk(data[: len(data) // size * size], wire))
    )


def _sayable(name: str, codec: Codec[Any]) -> st.SearchStrategy[Event]:
    """Whatever this end of the codec of that name can send."""
    kinds = sorted(codec.sends, key=lambda kind: kind.__name__)
    wire = codec.hears if codec.end is End.CLIENT else codec.speaks
    events = {**EVENTS, **OWN.get(name, {}), Audio: sound_on(wire)}
    return st.one_of([events[kind] for kind in kinds])


word = st.text("abcé", min_size=1, max_size=5)


@st.composite
def _of_gemini(draw: st.DrawFn, end: End, automatic: bool) -> list[Event]:
    """Marked turns of the user with sound only in them; whole turns of the model, words told."""
    called = st.builds(ToolCalled, id=text, name=text, arguments=json_text)
    if end is End.CLIENT:
        heard = st.lists(sound_on(GeminiLive(end).hears), max_size=3)
        result = st.builds(ToolResult, id=text, content=json_text, failed=st.booleans())
        other = st.lists(EVENTS[Text] | EVENTS[ReplyRequested] | result, max_size=3)
        spoken = draw(heard) if automatic else [UserTurnStarted(), *draw(heard), UserTurnEnded()]
        return [*draw(other), *spoken, *draw(other)]
    said: list[Event] = [Transcript("user", draw(word))]
    whole = ""
    wire = GeminiLive(end).speaks
    sound = st.binary(min_size=2, max_size=64).map(
        lambda data: Audio(AudioChunk(data[: len(data) // 2 * 2], wire))
    )
    for piece in draw(st.lists(word, max_size=3)):
        words = f" {piece}" if whole else piece
        whole += words
        said += [TranscriptDelta("agent", words), draw(sound)]
    said += draw(st.lists(called | EVENTS[ToolCancelled], max_size=2))
    told = [Transcript("agent", whole)] if whole else []
    produced = any(isinstance(e, TranscriptDelta | ToolCalled) for e in said)
    if produced and draw(st.booleans()):
        return [*said, *told, Cleared(), AgentTurnEnded("interrupted")]
    return [*said, Status("generated"), *told, AgentTurnEnded()]


def _of_gemini_turns(end: End, *, automatic: bool) -> st.SearchStrategy[list[Event]]:
    turns = st.lists(_of_gemini(end, automatic), max_size=3)
    return turns.map(lambda said: [event for turn in said for event in turn])


def _in_one_turn(events: list[Event]) -> list[Event]:
    """The same with all sound at the end, and after it the end of the turn."""
    sounds: list[Event] = [event for event in events if isinstance(event, Audio)]
    others = [event for event in events if not isinstance(event, Audio)]
    return [*others, *sounds, UserTurnEnded()]


def _realtime_sound() -> st.SearchStrategy[Event]:
    return st.binary(min_size=2, max_size=64).map(
        lambda data: Audio(AudioChunk(data[: len(data) // 2 * 2]))
    )


def _realtime_client(*ends: Event) -> st.SearchStrategy[list[Event]]:
    """Turns of the user, each interrupting the answer to the one before; nobody called a tool."""
    spoken = st.lists(_realtime_sound(), min_size=1, max_size=3).map(lambda heard: [*heard, *ends])
    turn = spoken | st.builds(Text, text=text).map(lambda event: [event])
    interrupting = turn.map(lambda events: [Interrupted(), *events])
    first: st.SearchStrategy[list[Event]] = st.sampled_from([[], [ReplyRequested()]])
    return st.builds(_in_order, first, st.lists(interrupting, max_size=4))


def _realtime_server(*, hears: bool) -> st.SearchStrategy[list[Event]]:
    """Turns of the agent, with what it understood before them; a call's result follows it."""
    said = st.builds(Transcript, by=st.just("user"), text=visible)
    heard = said.map(lambda words: [Cleared(), words] if hears else [words])
    calls = st.lists(
        st.builds(ToolCalled, id=st.uuids().map(str), name=text, arguments=json_text), max_size=2
    )
    speech = st.lists(
        st.builds(TranscriptDelta, by=st.just("agent"), text=text) | _realtime_sound(), max_size=5
    )
    turn = st.builds(
        lambda understood, called, spoken, words, status: [
            *understood,
            AgentTurnStarted(),
            *called,
            *spoken,
            Transcript("agent", words),
            AgentTurnEnded(status),
        ],
        heard | st.just([]),
        calls,
        speech,
        visible,
        st.sampled_from(["completed", "cancelled", "incomplete"]),
    )
    errors = st.builds(Failed, code=text, message=text).map(lambda event: [event])
    return st.builds(_in_order, st.just([]), st.lists(turn | errors, max_size=4))


def _in_order(first: list[Event], turns: list[list[Event]]) -> list[Event]:
    return [*first, *(event for turn in turns for event in turn)]


_CONVERSATIONS: dict[tuple[str, End], st.SearchStrategy[list[Event]]] = {
    ("gemini_live", End.CLIENT): _of_gemini_turns(End.CLIENT, automatic=False),
    ("gemini_live", End.SERVER): _of_gemini_turns(End.SERVER, automatic=False),
    ("gemini_live automatic", End.CLIENT): _of_gemini_turns(End.CLIENT, automatic=True),
    ("gemini_live automatic", End.SERVER): _of_gemini_turns(End.SERVER, automatic=True),
    ("openai_realtime", End.CLIENT): _realtime_client(UserTurnEnded()),
    ("openai_realtime", End.SERVER): _realtime_server(hears=False),
    ("openai_realtime server_vad", End.CLIENT): _realtime_client(),
    ("openai_realtime server_vad", End.SERVER): _realtime_server(hears=True),
}
"""What can be said where events depend on each other: turns that begin and end."""


def conversation(name: str, codec: Codec[Any]) -> st.SearchStrategy[list[Event]]:
    """What this end of the codec of that name may say, in an order that means something."""
    any_order = st.lists(_sayable(name, codec), max_size=8)
    if (name, codec.end) == ("elevenlabs with silence", End.CLIENT):
        return any_order.map(_in_one_turn)  # it keeps the sound of a turn until it is over
    return _CONVERSATIONS.get((name, codec.end), any_order)
