"""Words that a platform claims and nobody heard are not said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from tests.calls import Call, Far, Scripted, hold, say, words
from voicetest.audio.chunk import AudioChunk, Samples
from voicetest.call.timeline import StepEnded
from voicetest.checks.unheard import AFTERWARDS, mark_unheard, soundless
from voicetest.checks.view import AgentTurn, CallView
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Event,
    Mark,
    ToolCalled,
    Transcript,
    TranscriptDelta,
)
from voicetest.protocols.base import End
from voicetest.protocols.in_process import InProcess
from voicetest.speech.providers import Speech

REFUND = "We can refund the second charge today."
CLAIM = f"the platform says '{REFUND}', nothing was heard"
SCRIPT = """limits: {patience: 1s}
script:
  - agent: {says: hello}
  - user: I was charged twice.
  - agent: {EXPECTED}
"""


class Talkative(InProcess):
    """A line whose agent may say what its caller does not understand."""

    @property
    def sends(self) -> frozenset[type[Event]]:
        """More than the other end takes."""
        return super().sends | {Mark}


class Odd(Scripted):
    """An agent on such a line."""

    codec: ClassVar[Callable[[End], InProcess]] = Talkative


def _silence(seconds: float, kind: str) -> AudioChunk | None:
    """What a turn may hold in place of speech."""
    frames = round(seconds * 24_000)
    random = np.random.default_rng(7)
    match kind:
        case "nothing":
            return None
        case "zeros":
            return AudioChunk.of(np.zeros(frames, dtype=np.int16))
        case "hiss":
            return AudioChunk.of(random.normal(0, 30, frames).astype(np.int16))
        case _:
            return AudioChunk.of(random.normal(0, 2_000, frames).astype(np.int16))


async def _claim(line: Far, text: str, kind: str) -> None:
    sound = _silence(2.0, kind)
    await line.send(AgentTurnStarted())
    await line.send(Transcript("agent", text))
    if sound is not None:
        await line.send(Audio(sound))
    await line.send(AgentTurnEnded())


def _call(folder: Path, speech: Speech, voice: Samples, expected: str, kind: str = "zeros") -> Call:
    """A call in which the greeting is heard, and the answer only claimed."""

    async def answer_without_a_voice(line: Far) -> None:
        await say(line, "Hello.", words(1.0, voice))
        await asyncio.sleep(4.0)
        await _claim(line, REFUND, kind)

    return hold(folder, speech, answer_without_a_voice, SCRIPT.replace("EXPECTED", expected))


@pytest.mark.parametrize("kind", ["nothing", "zeros", "hiss", "noise"])
@pytest.mark.parametrize(
    "expected",
    [
        "says: refund",
        "says_any: [refund, credit]",
        "matches: refund.*today",
        f"similar_to: {{text: {REFUND}, wer: 20%}}",
    ],
)
def test_what_nobody_heard_fulfils_no_expectation(
    tmp_path: Path, speech: Speech, voice: Samples, expected: str, kind: str
) -> None:
    call = _call(tmp_path, speech, voice, expected, kind)
    assert call.result.status == "failed"
    assert call.result.errors == ()
    (failed,) = [check for check in call.result.checks if not check.passed]
    assert failed.name == expected.split(":")[0]
    assert failed.actual.startswith(CLAIM)
    unheard = call.result.turns[-1]
    assert (unheard.transcript, unheard.claimed, unheard.file) == ("", REFUND, None)
    assert unheard.only_claimed
    assert "nothing was heard" in (call.folder / "events.jsonl").read_text()


def test_a_step_goes_on_listening_for_what_was_not_heard_and_says_why_it_ended(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def repeat_aloud(line: Far) -> None:
        await say(line, "Hello.", words(1.0, voice))
        await asyncio.sleep(4.0)
        await _claim(line, REFUND, "nothing")
        await asyncio.sleep(0.6)
        await say(line, REFUND, words(1.0, voice))

    call = hold(tmp_path, speech, repeat_aloud, SCRIPT.replace("EXPECTED", "says: refund"))
    assert call.result.status == "passed"
    silent = _call(tmp_path / "silent", speech, voice, "says: refund")
    causes = [e.what.cause for e in silent.record.entries if isinstance(e.what, StepEnded)]
    assert causes[-1] == CLAIM


def test_what_was_heard_counts_and_what_was_not_is_told_beside_it(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def half(line: Far) -> None:
        await say(line, "One moment.", words(1.0, voice))
        await asyncio.sleep(0.5)
        await _claim(line, REFUND, "zeros")

    script = "limits: {patience: 3s}\nscript:\n  - agent: {says: [one moment, refund]}\n"
    call = hold(tmp_path, speech, half, script)
    moment, refund = [check for check in call.result.checks if check.name == "says"]
    assert (moment.passed, refund.passed) == (True, False)
    assert refund.actual == f'"One moment."; besides, {CLAIM}'


def test_words_that_nobody_heard_violate_nothing_and_are_told(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    call = _call(tmp_path, speech, voice, "never_says: refund")
    assert call.check("never_says").passed
    assert call.check("never_says").actual == CLAIM
    assert call.failed == ["answers"]


@pytest.mark.parametrize("expected", ["within: 9s", "lasts: {max: 9s}"])
def test_a_time_needs_speech(tmp_path: Path, speech: Speech, voice: Samples, expected: str) -> None:
    call = _call(tmp_path, speech, voice, expected)
    name = expected.split(":")[0]
    assert call.failed == [name]
    assert call.check(name).actual == "never spoke"


def test_a_step_without_expectations_wants_an_answer_that_can_be_heard(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    script = SCRIPT.replace(": {EXPECTED}", "")

    async def answer(line: Far) -> None:
        await say(line, "Hello.", words(1.0, voice))
        await asyncio.sleep(4.0)
        await _claim(line, REFUND, "zeros")

    call = hold(tmp_path, speech, answer, script)
    assert call.failed == ["answers"]
    assert call.check("answers").actual == CLAIM


def test_a_tool_needs_no_voice(tmp_path: Path, speech: Speech, voice: Samples) -> None:
    async def act(line: Far) -> None:
        await say(line, "Hello.", words(1.0, voice))
        await asyncio.sleep(4.0)
        await line.send(ToolCalled("1", "refund", "{}"))
        await _claim(line, REFUND, "zeros")

    script = SCRIPT.replace("EXPECTED", "calls_tool: refund") + "tools: [{name: refund}]\n"
    call = hold(tmp_path, speech, act, script)
    assert call.result.status == "passed", call.result.checks


def test_the_whole_call_is_judged_by_what_was_heard(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    script = SCRIPT.replace("EXPECTED", "severity: warn, says: refund")
    script += "checks: {says: [hello, refund], never_says: refund}\n"

    async def answer(line: Far) -> None:
        await say(line, "Hello.", words(1.0, voice))
        await asyncio.sleep(4.0)
        await _claim(line, REFUND, "zeros")

    call = hold(tmp_path, speech, answer, script)
    whole = [check for check in call.result.checks if check.step is None]
    assert [(c.name, c.passed) for c in whole if "says" in c.name] == [
        ("says", True),
        ("says", False),
        ("never_says", True),
    ]
    assert call.result.messages[-1]["role"] == "user"


def test_a_typed_turn_may_be_answered_in_writing(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def write_back(line: Far) -> None:
        await say(line, "Hello.", words(1.0, voice))
        await asyncio.sleep(1.0)
        await _claim(line, "One moment.", "nothing")
        await asyncio.sleep(0.3)
        await _claim(line, REFUND, "nothing")

    script = "script:\n  - agent: {says: hello}\n  - text: I was charged twice.\n"
    script += "  - agent: {says: [one moment, refund]}\n"
    call = hold(tmp_path, speech, write_back, script)
    assert call.result.status == "passed", call.result.checks
    assert call.result.turns[-1].transcript == REFUND


@pytest.mark.parametrize(("seconds", "told"), [(0.5, 1), (2.5, 0)])
def test_a_text_that_is_far_too_long_for_its_speech_is_told_of(
    tmp_path: Path, speech: Speech, voice: Samples, seconds: float, told: int
) -> None:
    async def answer(line: Far) -> None:
        await say(line, "Hello.", words(1.0, voice))
        await asyncio.sleep(4.0)
        await say(line, REFUND, words(seconds, voice))

    call = hold(tmp_path, speech, answer, SCRIPT.replace("EXPECTED", "says: refund"))
    heard = [warning.message for warning in call.result.warnings]
    assert len(heard) == told
    assert all(REFUND in text and "cannot have been heard" in text for text in heard)


class Silent(InProcess):
    """A line whose platform says neither when an answer begins nor when it ends."""

    @property
    def sends(self) -> frozenset[type[Event]]:
        """What is left to its agent."""
        return super().sends - {AgentTurnStarted, AgentTurnEnded} | {TranscriptDelta}

    @property
    def receives(self) -> frozenset[type[Event]]:
        """What is left to its caller."""
        return super().receives - {AgentTurnStarted, AgentTurnEnded} | {TranscriptDelta}


class Untold(Scripted):
    """An agent on such a line."""

    codec: ClassVar[Callable[[End], InProcess]] = Silent


async def _greet(line: Far, voice: Samples) -> None:
    await line.send(Transcript("agent", "Hello."))
    await line.send(Audio(words(1.0, voice)))


@pytest.mark.parametrize("live", [False, True])
def test_words_alone_answer_a_typed_turn_where_no_turns_are_told(
    tmp_path: Path, speech: Speech, voice: Samples, live: bool
) -> None:
    async def write_back(line: Far) -> None:
        await _greet(line, voice)
        await asyncio.sleep(2.0)
        for word in REFUND.split() if live else ():
            await line.send(TranscriptDelta("agent", f"{word} "))
            await asyncio.sleep(0.1)
        await line.send(Transcript("agent", REFUND))

    script = "script:\n  - agent: {says: hello}\n  - text: I was charged twice.\n"
    script += "  - agent: {says: refund}\n"
    call = hold(tmp_path, speech, write_back, script, kind=Untold)
    assert call.result.status == "passed", call.result.reason
    assert len(call.result.turns) == 3


def test_a_typed_turn_that_is_answered_in_words_and_then_aloud_has_one_answer(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def speak(line: Far) -> None:
        await _greet(line, voice)
        await asyncio.sleep(2.0)
        await line.send(Transcript("agent", REFUND))
        await asyncio.sleep(0.4)
        await line.send(Audio(words(2.0, voice)))

    script = "script:\n  - agent: {says: hello}\n  - text: I was charged twice.\n"
    script += "  - agent: {says: refund}\n  - silence: 1s\n    stays_silent: true\n"
    call = hold(tmp_path, speech, speak, script, kind=Untold)
    assert call.result.status == "passed", call.result.reason
    assert len(call.result.turns) == 3
    assert call.result.turns[-1].end_s - call.result.turns[-1].start_s > 1.0


def test_words_alone_answer_nothing_that_was_said_after_a_typed_turn(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def write_back(line: Far) -> None:
        await _greet(line, voice)
        await asyncio.sleep(2.0)
        await line.send(Transcript("agent", "One moment."))
        await asyncio.sleep(5.0)
        await line.send(Transcript("agent", REFUND))

    script = "script:\n  - agent: {says: hello}\n  - text: Hello.\n"
    script += "  - agent: {says: one moment}\n  - user: Twice.\n  - agent: {says: refund}\n"
    call = hold(tmp_path, speech, write_back, script, kind=Untold)
    assert call.failed == ["answers", "says"]


def test_a_call_of_typed_turns_alone_is_no_error(tmp_path: Path, speech: Speech) -> None:
    async def write(line: Far) -> None:
        await asyncio.sleep(0.5)
        await line.send(Mark("typing"))
        await _claim(line, REFUND, "nothing")

    script = "script:\n  - text: I was charged twice.\n  - agent: {says: refund}\n"
    call = hold(tmp_path, speech, write, script, kind=Odd)
    assert call.result.status == "passed", call.result


def test_an_agent_without_any_sound_is_an_error_with_its_words(
    tmp_path: Path, speech: Speech
) -> None:
    async def write(line: Far) -> None:
        await asyncio.sleep(0.5)
        await _claim(line, REFUND, "nothing")

    call = hold(tmp_path, speech, write, "limits: {patience: 1s}\nscript: [agent: refund]\n")
    assert call.result.status == "error"
    (fault,) = call.result.errors
    assert (fault.kind, fault.where) == ("protocol", AFTERWARDS)
    assert "no sound of the agent came in" in fault.message
    assert fault.message.endswith(f"though it sent 3 messages: the platform says '{REFUND}'")
    assert call.result.reason == fault.message
    assert call.failed == ["says"]


def test_an_agent_without_any_sound_names_what_fitted_nothing(
    tmp_path: Path, speech: Speech
) -> None:
    async def babble(line: Far) -> None:
        for _ in range(3):
            await line.send(Mark("sound?"))
        await _claim(line, REFUND, "nothing")

    script = "limits: {patience: 1s}\nscript: [agent: refund]\n"
    call = hold(tmp_path, speech, babble, script, kind=Odd)
    (fault,) = call.result.errors
    assert "3 \N{MULTIPLICATION SIGN} Mark are not understood: the peer sent Mark" in fault.message
    assert any("messages such as Mark" in told.message for told in call.result.warnings)


def test_an_agent_that_only_sends_what_fits_nothing_is_an_error(
    tmp_path: Path, speech: Speech
) -> None:
    async def babble(line: Far) -> None:
        await line.send(Mark("sound?"))

    call = hold(tmp_path, speech, babble, "script: [agent]\n", kind=Odd, response_timeout=2.0)
    assert call.result.status == "error"
    assert "1 message: 1 \N{MULTIPLICATION SIGN} Mark" in call.result.reason


def test_what_fits_nothing_is_no_error_where_silence_is_wanted(
    tmp_path: Path, speech: Speech
) -> None:
    async def babble(line: Far) -> None:
        await line.send(Mark("beat"))

    script = "script: [agent: {stays_silent: 2s}]\n"
    call = hold(tmp_path, speech, babble, script, kind=Odd)
    assert call.result.status == "passed", call.result.reason


def test_an_agent_that_does_nothing_has_failed(tmp_path: Path, speech: Speech) -> None:
    async def nothing(line: Far) -> None:
        await line.send(AgentTurnStarted())
        await line.send(AgentTurnEnded())

    call = hold(tmp_path, speech, nothing, "script: [agent]\n", response_timeout=2.0)
    assert call.result.status == "failed"
    assert call.result.errors == ()


def _view(*turns: AgentTurn) -> CallView:
    return CallView(agent_turns=list(turns))


def _marked(call: CallView, *audible: int, carries_sound: bool = True) -> list[bool]:
    mark_unheard(call, audible, carries_sound=carries_sound)
    return [turn.unheard for turn in call.agent_turns]


@pytest.mark.parametrize("early", [True, False])
def test_words_that_are_told_beside_the_turn_with_their_speech_are_heard(early: bool) -> None:
    said = AgentTurn(0, 1.0, claims=["Hello."], corrected=["Hello."])
    sounding = AgentTurn(1, 2.0)
    if early:
        assert _marked(_view(said, sounding), 1) == [False, False]
    else:
        sounding.index, said.index = 0, 1
        assert _marked(_view(sounding, said), 0) == [False, False]


def test_speech_with_words_of_its_own_lends_itself_to_no_others() -> None:
    said = AgentTurn(0, 1.0, claims=["Hello."], corrected=["Hello."])
    other = AgentTurn(1, 2.0, claims=["Goodbye."], corrected=["Goodbye."])
    assert _marked(_view(said, other), 1) == [True, False]


def test_on_a_line_without_sound_all_words_count() -> None:
    said = AgentTurn(0, 1.0, claims=["Hello."], corrected=["Hello."])
    assert _marked(_view(said), carries_sound=False) == [False]
    assert said.text == "Hello."


def test_a_recording_of_an_older_version_has_no_such_error() -> None:
    said = AgentTurn(0, 1.0, claims=["Hello."], corrected=["Hello."], unheard=True)
    assert soundless(_view(said), [], [], 3.0) is None


def test_what_is_written_beside_what_is_spoken_is_not_heard(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def half(line: Far) -> None:
        await line.send(AgentTurnStarted())
        await line.send(Transcript("agent", "One moment."))
        await line.send(Audio(words(1.0, voice)))
        await line.send(Transcript("agent", REFUND, written=True))
        await line.send(AgentTurnEnded())

    script = "limits: {patience: 1s}\nscript:\n  - agent: {says: [one moment, refund]}\n"
    call = hold(tmp_path, speech, half, script)
    moment, refund = [check for check in call.result.checks if check.name == "says"]
    assert (moment.passed, refund.passed) == (True, False)
    assert refund.actual == f'"One moment."; besides, {CLAIM}'
    (turn,) = call.result.turns
    assert (turn.transcript, turn.claimed) == ("One moment.", f"One moment. {REFUND}")


def test_what_is_written_to_who_types_is_read(tmp_path: Path, speech: Speech) -> None:
    async def write(line: Far) -> None:
        await asyncio.sleep(0.5)
        await line.send(AgentTurnStarted())
        await line.send(Transcript("agent", REFUND, written=True))
        await line.send(AgentTurnEnded())

    script = "script:\n  - text: I was charged twice.\n  - agent: {says: refund}\n"
    call = hold(tmp_path, speech, write, script)
    assert call.result.status == "passed", call.result
    assert call.result.turns[-1].transcript == REFUND
