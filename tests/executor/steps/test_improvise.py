"""A language model plays the user: what it is told, when it speaks, and when it stops."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from pathlib import Path

import pytest

from tests.answers import Answers, conversation_in
from tests.calls import Call, Far, hold, say, words
from tests.report.written import user_is_done
from voicetest.audio.chunk import Samples
from voicetest.errors import ConnectionFailed
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Dtmf,
    Transcript,
)
from voicetest.executor.user_prompt import PROMPT_VERSION, Occasion, Utterance, messages
from voicetest.scenario.improvise import Improvise
from voicetest.scenario.model import User
from voicetest.speech.providers import Speech

USER = "user: {model: test/small, goal: A refund., persona: Ann, facts: [My invoice is 4521.]}\n"


def line(text: str, reason: str = "not yet") -> dict[str, object]:
    """The user says something."""
    return {"reason": reason, "done": False, "say": text}


def done(reason: str = "it was refunded", say: str = "") -> dict[str, object]:
    """The user is done."""
    return {"reason": reason, "done": True, "say": say}


class Talker:
    """An agent that talks for eight seconds unless it is interrupted."""

    def __init__(self, voice: Samples) -> None:
        self.voice = voice

    async def __call__(self, far: Far) -> None:
        while True:
            await user_is_done(far)
            await far.send(Cleared())
            await asyncio.sleep(0.2)
            await far.send(AgentTurnStarted())
            await far.send(Transcript("agent", "one two three four five six seven eight"))
            await far.send(Audio(words(8.0, self.voice)))
            await far.send(AgentTurnEnded())


class Clerk:
    """An agent that answers each turn of the user with its next text."""

    def __init__(self, voice: Samples, *texts: str, leaves: bool = False) -> None:
        self.voice = voice
        self.texts = texts
        self.leaves = leaves

    async def __call__(self, far: Far) -> None:
        for text in self.texts:
            await user_is_done(far)
            await asyncio.sleep(0.3)
            await far.send(AgentTurnStarted())
            await far.send(Transcript("agent", text))
            await far.send(Audio(words(1.0, self.voice)))
            if self.leaves:
                await far.hang_up("done")
                return
            await far.send(AgentTurnEnded())
            await asyncio.sleep(1.0)
        await asyncio.sleep(60)


def test_the_user_says_what_the_model_makes_up_until_it_is_done(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    model = Answers([line("I want a refund."), line("It is 4521."), done()])
    clerk = Clerk(voice, "Which invoice?", "I have refunded it.")
    scenario = USER + "script:\n  - improvise: {until: it was refunded}\n"
    call = hold(tmp_path, speech, clerk, scenario, chat=model)
    assert call.failed == []
    assert [(turn.kind, turn.transcript) for turn in call.result.turns] == [
        ("improvise", "I want a refund."),
        ("agent", "Which invoice?"),
        ("improvise", "It is 4521."),
        ("agent", "I have refunded it."),
    ]
    assert [turn.step.index for turn in call.result.turns if turn.step] == [0, 0, 0, 0]
    assert call.check("until").actual == "it was refunded"
    assert call.result.metrics["response_latency"].n == 2


def test_the_model_is_told_who_said_what_and_who_it_is(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def greets(far: Far) -> None:
        await say(far, 'Hello "you"!', words(1.0, voice))
        await Clerk(voice, "Which invoice?")(far)

    model = Answers([line("I want a refund."), done()])
    scenario = USER + "script:\n  - agent\n  - user: Good day.\n  - improvise\n"
    hold(tmp_path, speech, greets, scenario, chat=model)
    assert conversation_in(model.requests[0]) == [("agent", 'Hello "you"!'), ("you", "Good day.")]
    assert conversation_in(model.requests[1])[2:] == [
        ("you", "I want a refund."),
        ("agent", "Which invoice?"),
    ]
    told = model.requests[0][0]["content"]
    assert all(text in told for text in ("Ann", "A refund.", "- My invoice is 4521."))
    assert [(m.name, m.options["seed"]) for m in model.models] == [("test/small", 0)]


def test_a_parting_line_is_said_and_its_answer_left_to_the_next_step(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    model = Answers([done(say="Never mind, goodbye.")])
    scenario = USER + "script:\n  - improvise\n  - agent: {says: bye, within: 1s}\n"
    call = hold(tmp_path, speech, Clerk(voice, "Bye."), scenario, chat=model)
    assert call.failed == []
    assert [turn.kind for turn in call.result.turns] == ["improvise", "agent"]
    assert len(model.requests) == 1


def test_a_user_who_never_gets_what_it_wants_fails_the_call(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    model = Answers([line("A refund."), line("A refund!"), {**line(""), "done": False, "say": "x"}])
    scenario = USER + "script:\n  - improvise: {until: it was refunded, turns: 2}\n"
    call = hold(tmp_path, speech, Clerk(voice, "No.", "No!"), scenario, chat=model)
    assert call.failed == ["until"]
    assert call.check("until").actual.endswith("may say: not yet")
    assert "nothing more" in model.requests[-1][1]["content"]
    assert [turn.kind for turn in call.result.turns] == ["improvise", "agent"] * 2


def test_without_a_condition_the_lines_are_just_used_up(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    model = Answers([line("One."), line("Two.")])
    scenario = USER + "script:\n  - improvise: {turns: 2}\n"
    call = hold(tmp_path, speech, Clerk(voice, "Yes?", "Well?"), scenario, chat=model)
    assert (call.failed, len(model.requests)) == ([], 2)
    assert [turn.kind for turn in call.result.turns] == ["improvise", "agent"] * 2


def test_an_agent_that_hangs_up_may_have_given_what_was_wanted(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    def judge(reached: bool) -> Call:
        model = Answers([line("A refund."), done() if reached else line("What?")])
        scenario = USER + "script:\n  - improvise: {until: it was refunded}\n"
        folder = tmp_path / str(reached)
        clerk = Clerk(voice, "Refunded, goodbye.", leaves=True)
        return hold(folder, speech, clerk, scenario, chat=model)

    assert judge(reached=True).failed == []
    assert judge(reached=False).check("until").actual == "the agent hung up before: not yet"


def test_an_agent_that_never_answers_fails_the_step_and_ends_the_call(
    tmp_path: Path, speech: Speech
) -> None:
    async def mute(far: Far) -> None:
        await asyncio.sleep(100)

    model = Answers([line("Hello?")])
    scenario = USER + "script:\n  - improvise\n  - agent\n"
    call = hold(tmp_path, speech, mute, scenario, chat=model, response_timeout=2.0)
    assert call.failed == ["answers", "reached"]


def test_a_line_made_while_the_agent_went_on_is_thrown_away(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    class Slow(Answers):
        async def structured(self, messages, kind):  # type: ignore[no-untyped-def]
            answer = await super().structured(messages, kind)
            await asyncio.sleep(1.5)
            return answer

    async def goes_on(far: Far) -> None:
        await user_is_done(far)
        await say(far, "Let me look.", words(1.0, voice))
        await asyncio.sleep(1.0)
        await say(far, "I found it.", words(1.0, voice))
        await asyncio.sleep(60)

    model = Slow([line("A refund."), line("Are you there?"), done()])
    call = hold(tmp_path, speech, goes_on, USER + "script: [improvise]\n", chat=model)
    assert [turn.transcript for turn in call.result.turns] == [
        "A refund.",
        "Let me look.",
        "I found it.",
    ]
    assert conversation_in(model.requests[2])[-1] == ("agent", "I found it.")


def test_the_user_cuts_in_by_chance_and_the_same_seed_cuts_in_at_the_same_places(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    def played(name: str, seed: int, share: str) -> Call:
        lines = [line(f"Line {number}.") for number in range(4)]
        settings = f"improvise: {{turns: 4, interrupts: {share}}}"
        scenario = f"seed: {seed}\n{USER}script:\n  - {settings}\n"
        return hold(tmp_path / name, speech, Talker(voice), scenario, chat=Answers(lines))

    never = played("never", 1, "0%")
    assert not any(turn.truncated for turn in never.result.turns[:2])
    first, again, other = (
        played(name, seed, "60%") for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first.record.recording.read_bytes() == again.record.recording.read_bytes()
    assert first.result.turns == again.result.turns
    assert first.record.recording.read_bytes() != other.record.recording.read_bytes()
    assert 0 < first.result.metrics["stop_time"].n < 4
    assert first.result.metrics["talk_overs"].values == (0,)


def test_who_cuts_in_hears_only_the_beginning_of_the_answer(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    model = Answers([line("Tell me all."), line("Stop."), done()])
    scenario = USER + "script:\n  - improvise: {interrupts: 100%, turns: 2}\n"
    call = hold(tmp_path, speech, Talker(voice), scenario, chat=model)
    assert [turn.transcript for turn in call.result.turns if turn.by == "user"] == [
        "Tell me all.",
        "Stop.",
    ]
    assert "cut in" in model.requests[1][1]["content"]
    by, heard = conversation_in(model.requests[1])[-1]
    assert by == "agent"
    assert heard.startswith("one ")
    assert "eight" not in heard


def test_a_user_who_says_what_the_agent_said_is_asked_again_and_then_refused(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    parrot = line("Thank you for calling. Which invoice is it about, please?")
    clerk = Clerk(voice, "Which invoice is it about, please?", "Fine.")
    model = Answers([line("Hello."), line("Which invoice is it about please"), done()])
    call = hold(tmp_path / "a", speech, clerk, USER + "script: [improvise]\n", chat=model)
    assert call.record.error is None
    assert "words of your own" in model.requests[2][-1]["content"]
    model = Answers([line("Hello."), line("Which invoice is it about please"), parrot, parrot])
    model.answers = [*model.answers[:2], line("which invoice is it about, please")]
    call = hold(tmp_path / "b", speech, clerk, USER + "script: [improvise]\n", chat=model)
    assert call.record.error is not None
    assert (call.record.error.kind, call.result.status) == ("protocol", "error")
    assert "says what the agent said" in call.record.error.message


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        (ConnectionFailed("the language model 'test/small' gave no answer"), "connection", "small"),
        (line("\u200b\u200b"), "protocol", "cannot be said"),
    ],
)
def test_a_model_that_cannot_play_the_user_is_an_error_and_not_a_failure_of_the_agent(
    tmp_path: Path,
    speech: Speech,
    said: Exception | dict[str, object],
    kind: str,
    message: str,
) -> None:
    async def waits(far: Far) -> None:
        await asyncio.sleep(60)

    scenario = USER + "script: [improvise]\n"
    call = hold(tmp_path, speech, waits, scenario, chat=Answers([said]))
    assert call.result.status == "error"
    assert call.record.error is not None
    assert call.record.error.kind == kind
    assert message in call.record.error.message
    assert call.record.recording.stat().st_size >= 44


def test_keys_pressed_and_words_that_come_late_are_part_of_what_the_user_knows(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def late(far: Far) -> None:
        async for event in far.events():
            if isinstance(event, Dtmf):
                break
        await user_is_done(far)
        await far.send(AgentTurnStarted())
        await far.send(Audio(words(1.0, voice)))
        await far.send(AgentTurnEnded())
        await asyncio.sleep(1.8)
        await far.send(Transcript("agent", "What can I do?"))
        await asyncio.sleep(60)

    model = Answers([line("A refund."), done()])
    scenario = USER + "script:\n  - dtmf: 12\n    mode: native\n  - improvise\n"
    hold(tmp_path, speech, late, scenario, chat=model)
    assert conversation_in(model.requests[1]) == [
        ("you", "[keys 12]"),
        ("you", "A refund."),
        ("agent", "What can I do?"),
    ]


def test_a_prompt_that_changes_has_a_new_version() -> None:
    user = User(persona="Ann", goal="A refund.", facts=("My invoice is 4521.",))
    occasions: tuple[Occasion, ...] = ("turn", "interruption", "end")
    requests = [
        messages(user, Improvise(until=until), [Utterance("agent", "Hello.")], occasion)
        for until in (None, "it was refunded")
        for occasion in occasions
    ]
    digest = sha256(json.dumps(requests).encode()).hexdigest()[:8]
    assert (PROMPT_VERSION, digest) == ("1", "a02f2fcc")
