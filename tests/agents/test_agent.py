"""The embedded agent on a line in memory: it really listens and really speaks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.agents.line import Near, call, dialogue_of, talk
from tests.conftest import Speak
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.keypad import KEY_PAUSE_S
from voicetest.agents.manners import Manners
from voicetest.audio.chunk import AudioChunk, Samples
from voicetest.audio.dtmf import DtmfDetector, tones
from voicetest.audio.edges import clean_edges
from voicetest.clock import sleep_until
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Dtmf,
    Event,
    Hangup,
    Interrupted,
    ReplyRequested,
    ToolCalled,
    Transcript,
    UserTurnEnded,
    Warned,
)
from voicetest.protocols.base import End
from voicetest.protocols.in_process import InProcess
from voicetest.speech.providers import Speech


@pytest.fixture(scope="module")
def dialogue(tmp_path_factory: pytest.TempPathFactory) -> Dialogue:
    return dialogue_of(
        tmp_path_factory.mktemp("agent"),
        "greeting: Hello.\n"
        "rules:\n"
        "  - when: charged twice\n"
        "    tool: {name: lookup}\n"
        "    say: I see, ${result.name}.\n"
        "  - when: that is all\n"
        "    say: Goodbye.\n"
        "    ends_call: true\n",
    )


def _kinds(heard: list[tuple[float, Event]]) -> list[type[Event]]:
    return [type(event) for _, event in heard]


def test_it_greets_first_and_says_what_it_says(speech: Speech, dialogue: Dialogue) -> None:
    heard = call(speech, dialogue, lambda line: sleep_until(5)).heard
    assert _kinds(heard) == [AgentTurnStarted, Transcript, Audio, AgentTurnEnded]
    assert heard[0][0] == 0
    assert heard[1][1] == Transcript("agent", "Hello.")


def test_it_understands_calls_its_tool_and_answers_once(
    speech: Speech, speak: Speak, dialogue: Dialogue
) -> None:
    words = speak("I was charged twice for my March invoice.", "en-us+f2")
    heard = call(speech, dialogue, lambda line: talk(line, words, 2.0, 8.0)).heard
    answer = heard[4:]
    assert _kinds(answer) == [
        Transcript,
        AgentTurnStarted,
        ToolCalled,
        Transcript,
        Audio,
        AgentTurnEnded,
    ]
    assert answer[3][1] == Transcript("agent", "I see, Jo.")
    end_of_words = 2.0 + len(words) / 24_000
    assert answer[1][0] - end_of_words == pytest.approx(0.5, abs=0.1)


def test_it_thinks_for_as_long_as_it_was_told(
    speech: Speech, speak: Speak, dialogue: Dialogue
) -> None:
    words = speak("I was charged twice for my March invoice.", "en-us+f2")
    behave = lambda line: talk(line, words, 2.0, 8.0)  # noqa: E731
    quick = call(speech, dialogue, behave).heard
    slow = call(speech, dialogue, behave, manners=Manners(reply_delay=1.5)).heard
    assert slow[5][0] - quick[5][0] == pytest.approx(1.5, abs=0.001)


def test_it_falls_silent_when_the_user_speaks_over_it(
    speech: Speech, speak: Speak, dialogue: Dialogue
) -> None:
    long = Dialogue(greeting="Thank you for calling. " * 4)
    words = speak("I was charged twice for my March invoice.", "en-us+f2")
    heard = call(speech, long, lambda line: talk(line, words, 1.0, 3.6)).heard
    cleared = [at for at, event in heard if isinstance(event, Cleared)]
    assert cleared == [pytest.approx(1.0 + long.yields_after, abs=0.15)]
    assert AgentTurnEnded("interrupted") in [event for _, event in heard]


def test_a_short_word_does_not_silence_it(speech: Speech, speak: Speak) -> None:
    stubborn = Dialogue(greeting="Thank you for calling. " * 4, yields_after=5.0)
    words = speak("Yes.", "en-us+f2")
    heard = call(speech, stubborn, lambda line: talk(line, words, 1.0, 4.0)).heard
    assert not [event for _, event in heard if isinstance(event, Cleared)]


def test_it_hangs_up_after_its_last_words(speech: Speech, speak: Speak, dialogue: Dialogue) -> None:
    words = speak("No, that is all, thank you.", "en-us+f2")
    heard = call(speech, dialogue, lambda line: talk(line, words, 2.0, 9.0)).heard
    assert Transcript("agent", "Goodbye.") in [event for _, event in heard]
    sounds = [(at, event.chunk) for at, event in heard if isinstance(event, Audio)]
    said_at, goodbye = sounds[-1]
    hung_up_at, last = heard[-1]
    assert last == Hangup(1000, "the agent ended the call", normal=True)
    assert hung_up_at == pytest.approx(said_at + goodbye.duration + 0.2, abs=0.03)


def test_on_a_paced_line_it_speaks_in_real_time(speech: Speech, dialogue: Dialogue) -> None:
    heard = call(speech, dialogue, lambda line: sleep_until(3), paced=True).heard
    sent = [at for at, event in heard if isinstance(event, Audio)]
    assert len(sent) > 10
    assert np.allclose(np.diff(sent), 0.02)


def test_it_leaves_when_the_user_hangs_up(speech: Speech, dialogue: Dialogue) -> None:
    heard = call(speech, dialogue, lambda line: sleep_until(0.1)).heard
    assert _kinds(heard) == [AgentTurnStarted, Transcript, Audio, AgentTurnEnded]


def _words(speak: Speak) -> Samples:
    return speak("I was charged twice for my March invoice.", "en-us+f2")


LONG = "Thank you for calling Northwind billing, this call may be recorded for training."


@pytest.mark.parametrize("paced", [False, True])
def test_spoken_over_it_is_heard_no_longer_and_the_truth_says_until_when(
    speech: Speech, speak: Speak, paced: bool
) -> None:
    dialogue, words = Dialogue(greeting=LONG), _words(speak)
    over = call(speech, dialogue, lambda line: talk(line, words, 1.0, 3.6), paced=paced)
    (cleared,) = over.at(Cleared)
    assert over.at(AgentTurnEnded("interrupted")) == [cleared]
    first = over.spoke[0]
    assert cleared <= first.end_s <= cleared + 0.02  # a paced agent has sent a piece ahead
    heard = clean_edges(over.listened(cleared + 1))
    assert heard.start == pytest.approx(first.start_s, abs=0.021)
    assert heard.end == pytest.approx(first.end_s, abs=0.1)
    assert not [at for at in over.at(Audio) if cleared < at < cleared + 0.5]


@pytest.mark.parametrize("paced", [False, True])
def test_the_truth_of_an_utterance_is_when_its_speech_is_heard(speech: Speech, paced: bool) -> None:
    whole = call(speech, Dialogue(greeting=LONG), lambda line: sleep_until(8), paced=paced)
    (spoke,) = whole.spoke
    heard = clean_edges(whole.listened(8))
    assert (spoke.start_s, spoke.end_s) == pytest.approx((heard.start, heard.end), abs=0.011)


def test_when_the_user_hangs_up_the_truth_ends_there(speech: Speech) -> None:
    cut = call(speech, Dialogue(greeting=LONG), lambda line: sleep_until(1.5))
    assert [spoke.end_s for spoke in cut.spoke] == [pytest.approx(1.5)]


KEYS = """
rules:
  - keys: 12#
    say: Account twelve.
  - keys: "3"
    say: Three.
fallback: What?
"""


async def _press(line: Near, *presses: tuple[float, str]) -> None:
    for at, key in presses:
        await sleep_until(at)
        await line.send(Dtmf(key))
    await asyncio.sleep(4)


def test_keys_are_one_input_when_the_last_one_is_pressed(speech: Speech, tmp_path: Path) -> None:
    dialogue = dialogue_of(tmp_path, KEYS)
    done = call(speech, dialogue, lambda line: _press(line, (1.0, "1"), (2.0, "2"), (3.0, "#")))
    assert done.said == ["Account twelve."]
    assert done.at(AgentTurnStarted) == [3.0]


def test_keys_are_one_input_when_none_follows(speech: Speech, tmp_path: Path) -> None:
    dialogue = dialogue_of(tmp_path, KEYS)
    done = call(speech, dialogue, lambda line: _press(line, (1.0, "3")))
    assert done.said == ["Three."]
    assert done.at(AgentTurnStarted) == [1.0 + KEY_PAUSE_S]
    apart = call(speech, dialogue, lambda line: _press(line, (1.0, "1"), (4.0, "2"), (4.5, "#")))
    assert apart.said == ["What?", "What?"]


def test_keys_are_found_in_the_sound_of_the_line(speech: Speech, tmp_path: Path) -> None:
    pieces = 0

    def keys(samples: Samples) -> list[str]:
        nonlocal pieces
        pieces += 1
        return {50: ["1"], 60: ["2", "#"]}.get(pieces, [])

    quiet = np.zeros(0, np.int16)
    dialogue = dialogue_of(tmp_path, KEYS)
    done = call(speech, dialogue, lambda line: talk(line, quiet, 0, 4), keys=keys)
    assert done.said == ["Account twelve."]
    assert done.at(AgentTurnStarted) == [pytest.approx(59 * 0.02)]


PRESSES = "rules: [{keys: '1', say: One moment., presses: 4#}]\n"


def test_it_presses_keys_after_it_has_spoken(speech: Speech, tmp_path: Path) -> None:
    dialogue = dialogue_of(tmp_path, PRESSES)
    done = call(speech, dialogue, lambda line: _press(line, (0.0, "1")))
    assert done.kinds == [AgentTurnStarted, Transcript, Audio, Dtmf, Dtmf, AgentTurnEnded]
    assert [event.key for _, event in done.heard if isinstance(event, Dtmf)] == ["4", "#"]
    sent, sound = next((at, e.chunk) for at, e in done.heard if isinstance(e, Audio))
    assert done.at(Dtmf) == [pytest.approx(sent + sound.duration)] * 2


class _WithoutKeys(InProcess):
    """A line on which keys can only be sounds, and only from the agent's side."""

    @property
    def sends(self) -> frozenset[type[Event]]:
        """All but keys from the agent."""
        return super().sends - ({Dtmf} if self.end is End.SERVER else set())

    @property
    def receives(self) -> frozenset[type[Event]]:
        """All but keys from the agent."""
        return super().receives - ({Dtmf} if self.end is End.CLIENT else set())


def test_where_keys_are_no_events_they_are_tones(speech: Speech, tmp_path: Path) -> None:
    dialogue = dialogue_of(tmp_path, PRESSES)
    tone = np.full(2400, 5000, np.int16)
    done = call(
        speech,
        dialogue,
        lambda line: _press(line, (0.0, "1")),
        tones=lambda keys: np.tile(tone, len(keys)),
        protocol=_WithoutKeys,
    )
    assert done.kinds == [AgentTurnStarted, Transcript, Audio, Audio, AgentTurnEnded]
    *_, keys = (event.chunk for _, event in done.heard if isinstance(event, Audio))
    assert keys.frames == 2 * len(tone)
    assert len(done.spoke) == 1


def test_where_keys_cannot_be_pressed_at_all_it_says_so(speech: Speech, tmp_path: Path) -> None:
    dialogue = dialogue_of(tmp_path, PRESSES)
    press = lambda line: _press(line, (0.0, "1"))  # noqa: E731
    done = call(speech, dialogue, press, protocol=_WithoutKeys)
    assert done.kinds == [AgentTurnStarted, Transcript, Audio, Warned, AgentTurnEnded]


REPROMPT = """
greeting: Hello.
reprompt: {after: 2s, say: Are you still there?, times: 2}
rules: [{when: charged twice, say: I see.}]
"""


def test_it_speaks_up_when_nobody_does_but_not_for_ever(speech: Speech, tmp_path: Path) -> None:
    dialogue = dialogue_of(tmp_path, REPROMPT)
    done = call(speech, dialogue, lambda line: sleep_until(20))
    assert done.said == ["Hello.", "Are you still there?", "Are you still there?"]
    turns, sounds = done.at(AgentTurnStarted), [e.chunk for _, e in done.heard if type(e) is Audio]
    for end, sound, start in zip(turns, sounds, turns[1:], strict=False):
        assert start - (end + sound.duration) == pytest.approx(2.0, abs=0.001)


def test_it_does_not_speak_up_while_the_user_speaks_and_does_so_anew_afterwards(
    speech: Speech, speak: Speak, tmp_path: Path
) -> None:
    dialogue = dialogue_of(tmp_path, REPROMPT)
    words = _words(speak)
    done = call(speech, dialogue, lambda line: talk(line, words, 1.5, 14.0))
    assert done.said == ["Hello.", "I see.", "Are you still there?", "Are you still there?"]
    assert done.at(AgentTurnStarted)[1] > 1.5 + len(words) / 24_000


MORE = """
rules:
  - keys: '1'
    tool: {name: lookup}
    say: Let me check.
    says_more: {after: 1.5s, say: "I found it, ${result.name}."}
"""


def test_it_says_more_after_a_pause_of_the_same_turn(speech: Speech, tmp_path: Path) -> None:
    dialogue = dialogue_of(tmp_path, MORE)
    done = call(speech, dialogue, lambda line: _press(line, (0.0, "1")))
    assert done.said[:2] == ["Let me check.", "I found it, Jo."]
    first = [AgentTurnStarted, ToolCalled, Transcript, Audio, Transcript, Audio, AgentTurnEnded]
    assert done.kinds[:7] == first
    one, two = done.at(Audio)[:2]
    first_sound = next(e.chunk for _, e in done.heard if isinstance(e, Audio))
    assert two - one - first_sound.duration == pytest.approx(1.5, abs=0.001)


def test_spoken_over_in_its_pause_it_says_no_more(
    speech: Speech, speak: Speak, tmp_path: Path
) -> None:
    text = f"greeting: Hi.\n{MORE}  - {{when: charged twice, say: I see.}}\n"
    dialogue, words = dialogue_of(tmp_path, text), _words(speak)

    async def behave(line: Near) -> None:
        await line.send(Dtmf("1"))
        await talk(line, words, 3.2, 8.0)

    done = call(speech, dialogue, behave)
    assert done.said == ["Hi.", "Let me check.", "I see."]
    assert len(done.at(AgentTurnEnded("interrupted"))) == 1


def test_what_did_not_stop_it_is_not_answered(speech: Speech, speak: Speak) -> None:
    dialogue = Dialogue(greeting=LONG, fallback="I beg your pardon?", yields_after=0.9)
    short = speak("Okay.", "en-us")
    assert len(short) < 0.9 * 24_000
    talked = call(speech, dialogue, lambda line: talk(line, short, 1.0, 9.0))
    assert not talked.at(Cleared)
    assert len(talked.spoke) == 1


class _PressedToTalk(InProcess):
    """A line on which nothing comes while nobody speaks; the caller says when it has finished."""

    @property
    def sends(self) -> frozenset[type[Event]]:
        """The usual, and what the caller says of turns."""
        of_caller: frozenset[type[Event]] = frozenset({UserTurnEnded, Interrupted})
        return super().sends | (of_caller if self.end is End.CLIENT else frozenset())

    @property
    def receives(self) -> frozenset[type[Event]]:
        """What the other end sends."""
        return _PressedToTalk(self.end.other).sends


def _pressed(end: End, paced: bool) -> InProcess:
    return _PressedToTalk(end, paced, continuous=False)


def test_an_announced_end_is_an_end_where_no_silence_follows(
    speech: Speech, dialogue: Dialogue, speak: Speak
) -> None:
    words = speak("I was charged twice for my March invoice.", "en-us+f2")

    async def behave(line: Near) -> None:
        await sleep_until(3)
        await line.send(Audio(AudioChunk.of(words)))
        await line.send(UserTurnEnded())
        await sleep_until(10)

    done = call(speech, dialogue, behave, protocol=_pressed)
    assert len(done.said) == 2
    assert done.at(Transcript("agent", done.said[1])) == [pytest.approx(3, abs=0.3)]


def test_an_agent_that_is_told_to_stop_stops(speech: Speech, dialogue: Dialogue) -> None:
    async def behave(line: Near) -> None:
        await sleep_until(0.2)
        await line.send(Interrupted())
        await sleep_until(3)

    done = call(speech, dialogue, behave, protocol=_pressed)
    assert done.at(Cleared) == [pytest.approx(0.2, abs=0.01)]


class _AskedToAnswer(_PressedToTalk):
    """The same, where the agent is asked for each answer, the first one included."""

    @property
    def sends(self) -> frozenset[type[Event]]:
        """The usual, and the caller's request."""
        of_caller: frozenset[type[Event]] = frozenset({ReplyRequested})
        return super().sends | (of_caller if self.end is End.CLIENT else frozenset())

    @property
    def receives(self) -> frozenset[type[Event]]:
        """What the other end sends."""
        return _AskedToAnswer(self.end.other).sends


def _asked(end: End, paced: bool) -> InProcess:
    return _AskedToAnswer(end, paced, continuous=False)


def test_an_agent_that_is_asked_for_answers_gives_one_for_all_that_was_said(
    speech: Speech, dialogue: Dialogue, speak: Speak
) -> None:
    first, second = speak("Hello there.", "en-us+f2"), speak("I was charged twice.", "en-us+f2")
    words = np.concatenate((first, np.zeros(36_000, np.int16), second))

    async def behave(line: Near) -> None:
        await talk(line, words, 1.0, 6.0)
        await sleep_until(8)
        await line.send(UserTurnEnded())
        await sleep_until(12)

    done = call(speech, dialogue, behave, protocol=_asked)
    assert done.said == ["I see, Jo."]
    assert done.at(AgentTurnStarted) == [pytest.approx(8, abs=0.1)]


def test_an_agent_that_is_asked_to_greets_and_answers_even_if_nothing_was_said(
    speech: Speech, dialogue: Dialogue
) -> None:
    async def behave(line: Near) -> None:
        await sleep_until(2)
        await line.send(ReplyRequested())
        await sleep_until(4)
        await line.send(UserTurnEnded())
        await sleep_until(8)

    done = call(speech, dialogue, behave, protocol=_asked)
    assert done.said == ["Hello.", dialogue.fallback]
    assert done.at(AgentTurnStarted) == [pytest.approx(2, abs=0.1), pytest.approx(4, abs=0.1)]
    assert len(done.at(AgentTurnEnded)) == 2


def test_keys_that_sounded_are_answered_when_it_is_asked(speech: Speech) -> None:
    menu = Dialogue.model_validate({"rules": [{"keys": "12", "say": "Invoices."}]})

    async def behave(line: Near) -> None:
        await line.send(Audio(AudioChunk.of(tones("12"))))
        await line.send(UserTurnEnded())
        await sleep_until(5)

    detector = DtmfDetector()
    done = call(
        speech,
        menu,
        behave,
        protocol=_asked,
        keys=lambda samples: [pressed.key for pressed in detector.feed(samples)],
    )
    assert done.said == ["Invoices."]
