"""A protocol that only its examples describe."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.garbage import HUGE, NOT_OBJECTS, mutated, survives
from tests.protocols.spoken import heard, mistakes, spoken
from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
from voicetest.errors import ProtocolError
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
    Ready,
    ReplyRequested,
    Text,
    ToolCalled,
    ToolCancelled,
    ToolResult,
    Transcript,
    TranscriptDelta,
    UserTurnEnded,
    UserTurnStarted,
)
from voicetest.protocols.base import CannotSend, End
from voicetest.protocols.mapped import Mapped
from voicetest.scenario.load import load_scenario

SCENARIO = Path(__file__).parents[2] / "scenarios/private-json.yaml"

EVERYTHING = """\
protocol:
  rate: 16000
  agent_rate: 8000
  agent_encoding: mulaw
  on_open:
    - {op: hello, version: 2, options: {live: true, limit: 1.5, name: null}}
    - {op: begin}
  sends:
    audio: {op: mic, data: {pcm: <audio>}}
    user_turn_started: {op: speaking}
    user_turn_ended: [{op: done}, {op: over}]
    reply_request: {op: go}
    text: {op: typed, words: <text>}
    key: {op: pressed, key: <key>}
    mark: {op: heard, mark: <name>}
    interrupt: [{op: stop, at: <heard_ms>}, {op: stop}]
    tool_result: {op: result, call: <id>, json: <result>, text: <result_text>, bad: <failed>}
    hangup: {op: bye, why: <reason>}
  receives:
    ready: {op: welcome, call_id: <session>}
    audio:
      - {op: voice, frames: [{pcm: <audio>}]}
      - {op: voice, pcm: <audio>}
    agent_turn_started: {op: talking}
    agent_turn_ended: {op: finished}
    agent_transcript: {op: text, who: bot, final: true, words: <text>}
    agent_transcript_part: {op: text, who: bot, final: false, words: <text>}
    user_transcript: {op: text, who: human, words: <text>}
    tool_call: {op: call, calls: [{call: <id>, function: {name: <name>, args: <arguments>}}]}
    tool_cancelled: {op: forget, call: <id>}
    interrupted: {op: hush, level: 1}
    mark: {op: mark, mark: <name>}
    key: {op: dial, key: <key>}
    error: {op: problem, code: <code>, detail: <message>}
    hangup: [{op: bye, why: <reason>}, {op: bye}]
  replies:
    - {to: {op: ping, n: <n>}, send: {op: pong, n: <n>, of: {n: [<n>]}}}
    - {to: [{op: check}, {op: probe, deep: {id: <id>}}], send: {op: alive, id: <id>}}
"""
HEARS = AudioFormat(Encoding.PCM16, 16_000)
SPEAKS = AudioFormat(Encoding.MULAW, 8_000)
USER_SOUND = Audio(AudioChunk(b"\1\0\2\0", HEARS))
AGENT_SOUND = Audio(AudioChunk(b"\xff\x7f\xfe", SPEAKS))

OF_CALLER: list[tuple[Event, dict[str, Any]]] = [
    (USER_SOUND, {"op": "mic", "data": {"pcm": "AQACAA=="}}),
    (UserTurnStarted(), {"op": "speaking"}),
    (UserTurnEnded(), {"op": "done"}),
    (ReplyRequested(), {"op": "go"}),
    (Text("ü"), {"op": "typed", "words": "ü"}),
    (Dtmf("#"), {"op": "pressed", "key": "#"}),
    (Mark("m"), {"op": "heard", "mark": "m"}),
    (Interrupted(), {"op": "stop", "at": None}),
    (Interrupted(heard_s=0.25), {"op": "stop", "at": 250}),
    (
        ToolResult("1", "[1]"),
        {"op": "result", "call": "1", "json": [1], "text": "[1]", "bad": False},
    ),
    (
        ToolResult("1", "no", failed=True),
        {"op": "result", "call": "1", "json": "no", "text": "no", "bad": True},
    ),
    (Hangup(reason="done"), {"op": "bye", "why": "done"}),
]
OF_AGENT: list[tuple[Event, dict[str, Any]]] = [
    (AGENT_SOUND, {"op": "voice", "frames": [{"pcm": "/3/+"}]}),
    (AgentTurnStarted(), {"op": "talking"}),
    (AgentTurnEnded(), {"op": "finished"}),
    (Transcript("agent", "Hi."), {"op": "text", "who": "bot", "final": True, "words": "Hi."}),
    (TranscriptDelta("agent", "H"), {"op": "text", "who": "bot", "final": False, "words": "H"}),
    (Transcript("user", "Yes?"), {"op": "text", "who": "human", "words": "Yes?"}),
    (
        ToolCalled("1", "f", '{"a":true}'),
        {"op": "call", "calls": [{"call": "1", "function": {"name": "f", "args": {"a": True}}}]},
    ),
    (ToolCancelled("1"), {"op": "forget", "call": "1"}),
    (Cleared(), {"op": "hush", "level": 1}),
    (Mark("m"), {"op": "mark", "mark": "m"}),
    (Dtmf("1"), {"op": "dial", "key": "1"}),
    (Failed("500", "down"), {"op": "problem", "code": "500", "detail": "down"}),
    (Hangup(reason="done"), {"op": "bye", "why": "done"}),
    (Hangup(), {"op": "bye", "why": None}),
]


def _codec(end: End, text: str = EVERYTHING) -> Mapped:
    codec = spoken(text).codec(end)
    assert isinstance(codec, Mapped)
    return codec


def _sent(codec: Mapped, event: Event) -> list[Any]:
    return [json.loads(message) for message in codec.encode(event)]


@pytest.mark.parametrize(("event", "message"), OF_CALLER)
def test_what_the_caller_says_is_its_example_with_values(
    event: Event, message: dict[str, Any]
) -> None:
    assert _sent(_codec(End.CLIENT), event) == [message]
    assert heard(_codec(End.SERVER), json.dumps(message)) == [event]


@pytest.mark.parametrize(("event", "message"), OF_AGENT)
def test_what_the_agent_says_is_its_example_with_values(
    event: Event, message: dict[str, Any]
) -> None:
    assert _sent(_codec(End.SERVER), event) == [message]
    assert heard(_codec(End.CLIENT), json.dumps(message)) == [event]


def test_what_can_be_said_is_what_the_map_has_examples_of() -> None:
    caller, agent = _codec(End.CLIENT), _codec(End.SERVER)
    assert caller.sends == agent.receives == {type(event) for event, _ in OF_CALLER}
    assert agent.sends == {type(event) for event, _ in OF_AGENT}
    assert caller.receives == agent.sends | {Ready}
    small = _codec(End.CLIENT, "protocol: {sends: {audio: binary}, receives: {audio: binary}}")
    assert small.sends == small.receives == {Audio}
    with pytest.raises(CannotSend, match="UserTurnEnded"):
        small.encode(UserTurnEnded())


def test_the_caller_opens_with_what_the_map_says_in_order() -> None:
    assert list(_codec(End.CLIENT).start()) == [
        '{"op":"hello","version":2,"options":{"live":true,"limit":1.5,"name":null}}',
        '{"op":"begin"}',
    ]


def test_an_agent_that_is_written_as_ready_says_so_and_the_caller_waits_for_it() -> None:
    (welcome,) = _codec(End.SERVER).start()
    assert json.loads(welcome) == {"op": "welcome", "call_id": "simulated"}
    caller = _codec(End.CLIENT)
    assert heard(caller, welcome) == [Ready("simulated", SPEAKS, HEARS)]
    assert heard(caller, '{"op":"welcome","call_id":7}') == [Ready("7", SPEAKS, HEARS)]


def test_without_a_word_for_it_nobody_waits_until_the_agent_is_ready() -> None:
    text = "protocol: {sends: {audio: binary}, receives: {audio: binary}}"
    assert list(_codec(End.SERVER, text).start()) == list(_codec(End.CLIENT, text).start()) == []


def test_a_ready_without_a_name_for_the_call_is_ready_all_the_same() -> None:
    text = "protocol: {sends: {audio: binary}, receives: {audio: binary, ready: {op: go}}}"
    assert heard(_codec(End.CLIENT, text), *map(str, _codec(End.SERVER, text).start())) == [
        Ready("", AudioFormat(Encoding.PCM16, 24_000), AudioFormat(Encoding.PCM16, 24_000))
    ]


def test_the_opening_of_the_caller_is_no_surprise_to_a_simulated_agent() -> None:
    opening = [str(message) for message in _codec(End.CLIENT).start()]
    assert heard(_codec(End.SERVER), *opening) == []


def test_each_direction_has_its_own_format() -> None:
    caller = _codec(End.CLIENT)
    assert (caller.hears, caller.speaks) == (HEARS, SPEAKS)
    assert (caller.continuous, caller.paced) == (True, False)


@pytest.mark.parametrize("encoding", Encoding)
def test_both_directions_have_one_format_unless_the_map_says_otherwise(encoding: Encoding) -> None:
    codec = _codec(
        End.CLIENT,
        f"protocol: {{encoding: {encoding}, rate: 8000, paced: true, silence: false, "
        "sends: {audio: {a: <audio>}}, receives: {audio: {b: <audio>}}}",
    )
    assert codec.hears == codec.speaks == AudioFormat(encoding, 8_000)
    assert (codec.paced, codec.continuous) == (True, False)
    sound = Audio(AudioChunk(b"\xff\x00", codec.hears))
    assert _sent(codec, sound) == [{"a": "/wA="}]
    assert heard(codec, '{"b": "/wA="}') == [sound]


def test_sound_may_be_binary_one_way_or_both() -> None:
    text = "protocol: {sends: {audio: binary, key: {k: <key>}}, receives: {audio: {a: <audio>}}}"
    caller, agent = _codec(End.CLIENT, text), _codec(End.SERVER, text)
    sound = Audio(AudioChunk(b"\1\0"))
    assert list(caller.encode(sound)) == [b"\1\0"]
    assert heard(agent, b"\1", '{"k":"1"}', b"", b"\0") == [Dtmf("1"), sound]
    assert list(agent.encode(sound)) == ['{"a":"AQA="}']
    (ignored,) = heard(caller, b"\1\0")
    assert isinstance(ignored, Ignored)
    assert ignored.why == (
        "fit nothing: the map's sound is {a: <audio>}; if they are samples, write 'audio: binary'"
    )


def test_no_sound_is_no_message_and_an_empty_message_is_no_sound() -> None:
    caller = _codec(End.CLIENT)
    assert list(caller.encode(Audio(AudioChunk(b"", HEARS)))) == []
    assert heard(caller, '{"op":"voice","pcm":""}', '{"op":"voice","frames":[{"pcm":""}]}') == []


def test_every_piece_of_sound_in_a_message_is_heard() -> None:
    message = {"op": "voice", "frames": [{"pcm": "/w==", "n": 1}, {}, {"pcm": "fw=="}]}
    assert heard(_codec(End.CLIENT), json.dumps(message)) == [
        Audio(AudioChunk(b"\xff", SPEAKS)),
        Audio(AudioChunk(b"\x7f", SPEAKS)),
    ]


def test_half_a_sample_waits_for_the_next_message() -> None:
    pieces = [base64.b64encode(piece).decode() for piece in (b"\1", b"\0\2", b"\0")]
    messages = [json.dumps({"op": "mic", "data": {"pcm": piece}}) for piece in pieces]
    assert heard(_codec(End.SERVER), *messages) == [
        Audio(AudioChunk(b"\1\0", HEARS)),
        Audio(AudioChunk(b"\2\0", HEARS)),
    ]


@given(st.lists(st.binary(max_size=7), max_size=6))
def test_messages_that_differ_in_their_sound_alone_say_what_each_says(sounds: list[bytes]) -> None:
    text = (
        "protocol: {sends: {audio: {a: <audio>}}, encoding: mulaw, rate: 8000,"
        " receives: {agent_turn_started: {go: 1},"
        " audio: [{b: <audio>, c: [<audio>]}, {b: <audio>}]}}"
    )
    written = [base64.b64encode(sound).decode() for sound in sounds]
    alike = [json.dumps({"b": sound, "n": 1}) for sound in written]
    others = [json.dumps({"go": 1, "b": sound, "c": [sound]}) for sound in written]
    for messages in (
        alike,
        others,
        [one for both in zip(alike, others, strict=True) for one in both],
    ):
        caller = _codec(End.CLIENT, text)
        assert [heard(caller, message) for message in messages] == [
            heard(_codec(End.CLIENT, text), message) for message in messages
        ]


def test_sound_is_written_wherever_the_example_has_it() -> None:
    sound = '{"<a>": "\\\\", b: [<audio>, "ü"], c: <audio>}'
    text = f"protocol: {{sends: {{audio: {sound}}}, receives: {{audio: {{a: <audio>}}}}}}"
    (message,) = _codec(End.CLIENT, text).encode(Audio(AudioChunk(b"\1\0")))
    assert message == '{"<a>":"\\\\","b":["AQA=","ü"],"c":"AQA="}'


def test_the_first_of_several_examples_is_written_and_all_are_read() -> None:
    assert heard(_codec(End.SERVER), '{"op":"done"}', '{"op":"over"}') == [UserTurnEnded()] * 2
    assert heard(_codec(End.CLIENT), '{"op":"voice","pcm":"/3/+"}') == [AGENT_SOUND]
    assert heard(_codec(End.CLIENT), '{"op":"bye"}') == [Hangup()]
    assert heard(_codec(End.SERVER), '{"op":"stop"}') == [Interrupted()]


def test_further_keys_do_not_matter() -> None:
    message = {"at": 1.5, "op": "text", "who": "human", "words": "Yes?", "final": False}
    assert heard(_codec(End.CLIENT), json.dumps(message)) == [Transcript("user", "Yes?")]


def test_a_constant_is_not_another_one() -> None:
    for level in (True, 2, "1", None):
        (ignored,) = heard(_codec(End.CLIENT), json.dumps({"op": "hush", "level": level}))
        assert isinstance(ignored, Ignored)


def test_all_tool_calls_of_a_message_are_heard() -> None:
    calls = [
        {"call": 1, "function": {"name": "f", "args": '{"a": 1}'}},
        {"call": "2", "function": {"name": "g", "args": {"a": 1}}},
    ]
    assert heard(_codec(End.CLIENT), json.dumps({"op": "call", "calls": calls})) == [
        ToolCalled("1", "f", '{"a": 1}'),
        ToolCalled("2", "g", '{"a":1}'),
    ]


def test_a_message_may_say_several_things_at_once() -> None:
    text = (
        "protocol: {sends: {audio: binary}, receives: {audio: {pcm: <audio>}, "
        "agent_turn_ended: {last: true}, mark: {mark: <name>}}}"
    )
    message = '{"pcm":"AQA=","last":true,"mark":"m"}'
    assert heard(_codec(End.CLIENT, text), message) == [
        Audio(AudioChunk(b"\1\0")),
        AgentTurnEnded(),
        Mark("m"),
    ]


@pytest.mark.parametrize("number", [7, 1.5, "seven", [7], {"a": 7}, True, 0])
def test_a_ping_is_answered_with_its_own_number(number: object) -> None:
    decoded = _codec(End.CLIENT).decode(json.dumps({"op": "ping", "n": number}))
    assert decoded.events == ()
    (pong,) = decoded.replies
    assert json.loads(pong) == {"op": "pong", "n": number, "of": {"n": [number]}}
    assert heard(_codec(End.SERVER), pong) == []


def test_a_reply_may_be_owed_for_several_messages() -> None:
    caller = _codec(End.CLIENT)
    (alive,) = caller.decode('{"op":"probe","deep":{"id":3}}').replies
    assert json.loads(alive) == {"op": "alive", "id": 3}
    (alive,) = caller.decode('{"op":"check"}').replies
    assert json.loads(alive) == {"op": "alive", "id": None}


def test_only_the_caller_owes_replies() -> None:
    decoded = _codec(End.SERVER).decode('{"op":"ping","n":1}')
    assert decoded.replies == ()


def test_a_reply_can_always_be_sent() -> None:
    (pong,) = _codec(End.CLIENT).decode(r'{"op":"ping","n":["\ud83d",NaN]}').replies
    assert isinstance(pong, str)
    assert json.loads(pong.encode())["n"] == ["�", None]


def test_the_words_of_the_user_alone_are_no_transcript_of_the_call() -> None:
    text = (
        "protocol: {sends: {audio: binary}, "
        "receives: {audio: binary, user_transcript: {t: <text>}}}"
    )
    assert Transcript not in _codec(End.CLIENT, text).receives
    assert Transcript not in _codec(End.SERVER, text).sends


def test_words_of_a_party_that_the_map_leaves_out_are_not_said() -> None:
    text = (
        "protocol: {sends: {audio: binary}, "
        "receives: {audio: binary, agent_transcript: {t: <text>}}}"
    )
    agent = _codec(End.SERVER, text)
    assert list(agent.encode(Transcript("user", "Yes?"))) == []
    assert list(agent.encode(Transcript("agent", "No."))) == ['{"t":"No."}']


def _why(message: object, text: str = "") -> tuple[str, str]:
    """What is said of a message that fits nothing: its shape, and what is amiss."""
    codec = _codec(End.CLIENT, text) if text else _codec(End.CLIENT)
    (ignored,) = heard(codec, json.dumps(message))
    assert isinstance(ignored, Ignored)
    assert not ignored.known
    return ignored.shape, ignored.why


SPEECH = (
    "protocol: {sends: {audio: binary}, receives: {audio: {type: speech.audio, audio: <audio>}, "
    "agent_transcript: {type: speech.text, said: {text: <text>, final: true}}}}"
)


def test_a_message_that_fits_nothing_says_what_is_missing_to_the_nearest() -> None:
    assert _why({"type": "speech.audio", "data": "AAAA"}, SPEECH) == (
        "{type: speech.audio, data: …}",
        "fit nothing in 'receives' of the protocol map: its 'audio' is {type: speech.audio, "
        "audio: <audio>}, and 'audio' is missing there, it has 'data'",
    )
    assert _why({"type": "speech.text", "said": {"words": "Yes", "final": True}}, SPEECH) == (
        "{type: speech.text, said: …}",
        "fit nothing in 'receives' of the protocol map: its 'agent_transcript' is {type: "
        "speech.text, said: {text: <text>, final: true}}, and 'said.text' is missing there, it "
        "has 'words'",
    )


@pytest.mark.parametrize(
    ("message", "amiss"),
    [
        ({"type": "speech.audio", "audio": None}, "'audio' is null there"),
        ({"type": "speech.text", "said": "Yes"}, "'said' is no object there"),
        (
            {"type": "speech.text", "said": {"text": "a", "final": False}},
            "'said.final' is not true there",
        ),
    ],
)
def test_what_is_amiss_is_told_of_any_depth(message: object, amiss: str) -> None:
    assert _why(message, SPEECH)[1].endswith(f", and {amiss}")


def test_a_message_that_is_near_to_nothing_is_only_named() -> None:
    nothing = "fit nothing in 'receives' of the protocol map"
    assert _why({"beat": 7}, SPEECH) == ("{beat: …}", nothing)


def test_messages_are_of_one_shape_whatever_their_values() -> None:
    shapes = {_why({"op": "state", "n": n, "id": f"id{n}"})[0] for n in range(5)}
    assert shapes == {"{op: state, n: …, id: …}"}
    assert len({_why({"type": kind, "n": 1})[0] for kind in "abab"}) == 2


def test_what_is_said_of_a_message_is_short_however_long_it_is() -> None:
    shape, why = _why({"op": "x" * 1_000_000, **{f"k{n}\n": n for n in range(1000)}})
    assert len(shape) < 100
    assert len(why) < 500
    assert (shape + why).isprintable()


def test_twenty_megabytes_at_once_are_one_piece_of_sound() -> None:
    sound = base64.b64encode(bytes(15_000_000)).decode()
    (event,) = heard(_codec(End.CLIENT), f'{{"op":"voice","pcm":"{sound}"}}')
    assert isinstance(event, Audio)
    assert event.chunk.frames == 15_000_000


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        *((text, "the peer sent (text that is no JSON|JSON that is no)") for text in NOT_OBJECTS),
        ('{"op":"voice","pcm":5}', "something else than a text where sound is expected"),
        ('{"op":"voice","pcm":{"a":1}}', "something else than a text where sound is expected"),
        ('{"op":"voice","frames":[{"pcm":"/3"}]}', "sound that is no base64"),
        ('{"op":"voice","pcm":"%"}', "sound that is no base64"),
    ],
)
def test_what_the_protocol_does_not_allow_is_the_peers_fault(
    message: bytes | str, fault: str
) -> None:
    with pytest.raises(ProtocolError, match=fault):
        _codec(End.CLIENT).decode(message)


@pytest.mark.parametrize("message", HUGE)
@pytest.mark.parametrize("end", End)
def test_messages_out_of_all_proportion_are_survived(end: End, message: str) -> None:
    survives(_codec(end), message)


DOCUMENTED = [json.dumps(message) for _, message in OF_CALLER + OF_AGENT]
DOCUMENTED += ['{"op":"ping","n":7}', '{"op":"welcome","call_id":"c"}', '{"op":"hello"}']
SETTINGS = spoken(EVERYTHING)


@pytest.mark.parametrize("end", End)
@given(messages=st.lists(st.text() | st.binary() | mutated(DOCUMENTED)))
def test_no_message_does_more_than_break_the_protocol(
    end: End, messages: list[bytes | str]
) -> None:
    codec = SETTINGS.codec(end)
    for message in messages:
        survives(codec, message)


def test_the_scenario_that_shows_a_map_is_spoken_at_both_ends() -> None:
    agent = load_scenario(SCENARIO, environment={"PARCELS_KEY": "k"}).scenario.agent
    protocol = agent.settings["protocol"]
    lines = json.dumps({"protocol": protocol})
    caller, bot = _codec(End.CLIENT, lines), _codec(End.SERVER, lines)
    assert caller.hears.rate == 16_000
    assert heard(bot, *map(str, caller.start())) == []
    assert isinstance(heard(caller, *map(str, bot.start()))[0], Ready)
    for event in (USER_SOUND, UserTurnEnded(), Interrupted(), ToolResult("1", "[1]")):
        assert heard(bot, *map(str, caller.encode(event))) == [event]
    called = ToolCalled("1", "find_parcel", '{"number":"4521"}')
    for said in (USER_SOUND, Transcript("agent", "Hi"), called, Cleared(), Hangup()):
        assert heard(caller, *map(str, bot.encode(said))) == [said]


SOUND_ONLY = "{audio: {a: <audio>}}"


@pytest.mark.parametrize(
    ("sends", "receives", "mistake"),
    [
        (SOUND_ONLY, None, "2:3: 'receives' is missing here"),
        (None, SOUND_ONLY, "2:3: 'sends' is missing here"),
        (SOUND_ONLY, "{error: {a: <message>}}", "3:3: 'audio' is missing here"),
        (
            "[audio]",
            SOUND_ONLY,
            "2:10: expected a mapping, lines of 'key: value', found a list",
        ),
        (
            "{audio: binary, user_turn_end: {a: b}}",
            SOUND_ONLY,
            "2:26: unknown key 'user_turn_end' (did you mean 'user_turn_ended'?)",
        ),
        (
            "{audio: binary, user_turn_ended: {a: b}, interrupt: {a: b}}",
            SOUND_ONLY,
            "2:51: a message of 'user_turn_ended' is also like the example of 'interrupt': add a "
            "key to 'interrupt' that tells them apart",
        ),
        (
            "{audio: {a: <audio>}, key: {a: x, b: <key>}}",
            SOUND_ONLY,
            "2:11: a message of 'key' is also like the example of 'audio': add a key to "
            "'audio' that tells them apart",
        ),
        (
            SOUND_ONLY,
            "{audio: [{b: c, a: <audio>}, {pcm: <audio>}], mark: {pcm: <name>, a: 1}}",
            "3:14: a message of 'mark' is also like the example of 'audio': add a key to 'audio' "
            "that tells them apart",
        ),
    ],
)
def test_a_mistake_in_a_map_is_told_once_where_it_stands(
    sends: str | None, receives: str | None, mistake: str
) -> None:
    lines = [f"  {k}: {v}\n" for k, v in (("sends", sends), ("receives", receives)) if v]
    assert mistakes("protocol:\n" + "".join(lines)) == [mistake]


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("rate: 16001", "4:9: expected a multiple of 25, found '16001'"),
        ("agent_rate: 4000", "4:15: expected at least 8000, found '4000'"),
        ("agent_encoding: opus", "4:19: expected 'pcm16', 'mulaw' or 'alaw', found 'opus'"),
        ("silence: never", "4:12: expected true or false, found 'never'"),
        ("agent_rat: 8000", "4:3: unknown key 'agent_rat' (did you mean 'agent_rate'?)"),
    ],
)
def test_a_wrong_setting_of_a_map_is_told_where_it_stands(line: str, mistake: str) -> None:
    text = f"protocol:\n  sends: {SOUND_ONLY}\n  receives: {SOUND_ONLY}\n  {line}\n"
    assert mistakes(text) == [mistake]
