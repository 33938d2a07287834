"""Expectations that a line could never fulfil are found before anyone is called."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.checks.timelines import write_scenario
from voicetest.audio.chunk import INTERNAL, AudioFormat
from voicetest.checks.capability import impossible_steps
from voicetest.errors import Problem
from voicetest.events import (
    ALL_EVENTS,
    Audio,
    Dtmf,
    Event,
    Interrupted,
    Text,
    ToolCalled,
    Transcript,
    TranscriptDelta,
    UserTurnStarted,
)


@dataclass(frozen=True)
class Line:
    """A line that carries what a test says."""

    receives: frozenset[type[Event]] = ALL_EVENTS
    sends: frozenset[type[Event]] = ALL_EVENTS
    speaks: AudioFormat = field(default=INTERNAL)
    hears: AudioFormat = field(default=INTERNAL)
    continuous: bool = True
    hears_between_turns: bool = True
    paced: bool = False
    jitter_s: float = 0.0


MARKED = Line(sends=ALL_EVENTS - {UserTurnStarted}, hears_between_turns=False, continuous=False)
"""Hears a turn of the user when it is over, such as OpenAI's without turn detection."""
MARKED_AT_START = Line(
    sends=ALL_EVENTS - {Interrupted}, hears_between_turns=False, continuous=False
)
"""Hears a turn of the user from its start, which interrupts, such as Gemini's without detection."""
KEPT_BACK = Line(
    sends=ALL_EVENTS - {Interrupted, UserTurnStarted}, hears_between_turns=False, continuous=False
)
"""Gets the sound of a turn when it is over, such as ElevenLabs' with turns ended by silence."""
DEAF = Line(receives=ALL_EVENTS - {Transcript})
TOOLLESS = Line(receives=ALL_EVENTS - {ToolCalled})


def _problems(
    folder: Path, scenario: str, line: Line, instead: str = "listening: all"
) -> list[Problem]:
    return impossible_steps(write_scenario(folder, scenario), line, instead)


WORDS = ("says: hi", "says_any: hi", "never_says: hi", "matches: hi", "similar_to: hi")
TOOLS = ("calls_tool: lookup", "never_calls: lookup")
PLACES = (
    "script:\n  - agent:\n      {}\n",
    "script:\n  - silence: 1s\n    {}\n",
    "script:\n  - expect:\n      {}\n",
    "script: [agent]\nchecks:\n  {}\n",
)


def _written(place: str, expected: str) -> str | None:
    """Not every expectation can stand in every place."""
    of_the_call = "expect:" in place or "checks:" in place
    if of_the_call and expected.startswith(("says_any", "matches", "similar_to")):
        return None
    return place.format(expected)


EVERYWHERE = [
    (written, expected)
    for place in PLACES
    for expected in (*WORDS, *TOOLS)
    if (written := _written(place, expected))
]


@pytest.mark.parametrize(("scenario", "expected"), EVERYWHERE)
def test_a_line_that_carries_everything_can_be_checked_for_everything(
    tmp_path: Path, scenario: str, expected: str
) -> None:
    assert _problems(tmp_path, scenario, Line()) == []


@pytest.mark.parametrize(("scenario", "expected"), EVERYWHERE)
def test_words_need_a_transcript_and_tools_need_tool_events(
    tmp_path: Path, scenario: str, expected: str
) -> None:
    name = expected.partition(":")[0]
    lacking, other = (TOOLLESS, DEAF) if expected in TOOLS else (DEAF, TOOLLESS)
    (problem,) = _problems(tmp_path, scenario, lacking)
    assert problem.line == 5
    assert problem.message.startswith(name)
    assert "scripted" in problem.message
    assert _problems(tmp_path, scenario, other) == []


def test_a_transcriber_gives_words_to_any_line(tmp_path: Path) -> None:
    scenario = "transcriber: pocketsphinx\nscript:\n  - agent: {says: hi}\n"
    assert _problems(tmp_path, scenario, DEAF) == []


def test_words_without_a_transcript_name_the_way_out(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, "script:\n  - agent: {says: hi}\n", DEAF)
    assert "transcriber" in problem.message


def test_what_is_not_about_words_or_tools_needs_neither(tmp_path: Path) -> None:
    scenario = (
        "script:\n  - user: Hi\n  - agent: {within: 1s, lasts: {min: 1s}, ends_call: true}\n"
        "checks: {turns: {max: 1}, response_latency: {max: 1s}}\n"
    )
    assert _problems(tmp_path, scenario, Line(receives=frozenset())) == []


def test_every_impossible_expectation_is_reported(tmp_path: Path) -> None:
    scenario = (
        "script:\n"
        "  - agent: {says: hi, calls_tool: lookup}\n"
        "  - user: Hi\n"
        "  - agent:\n"
        "      matches: hi\n"
        "      never_calls: lookup\n"
        "checks: {never_says: bye}\n"
    )
    problems = _problems(tmp_path, scenario, Line(receives=frozenset()))
    found = sorted((problem.line, problem.message.split()[0]) for problem in problems)
    assert found == [
        (4, "calls_tool"),
        (4, "says"),
        (7, "matches"),
        (8, "never_calls"),
        (9, "never_says"),
    ]


@pytest.mark.parametrize(
    ("step", "lacks", "problem"),
    [
        ("dtmf: '1'\n    mode: native", Dtmf, "no message for keys: write 'mode: inband'"),
        ("interrupt: hi\n    mode: native", Interrupted, "cannot be told to stop"),
        ("interrupt: hi\n    after_words: 3", TranscriptDelta, "gives no live transcript"),
    ],
)
def test_a_step_that_the_line_cannot_carry_is_refused_at_its_option(
    tmp_path: Path, step: str, lacks: type[Event], problem: str
) -> None:
    scenario = f"script:\n  - {step}\n"
    poor = Line(receives=ALL_EVENTS - {lacks}, sends=ALL_EVENTS - {lacks})
    (found,) = _problems(tmp_path, scenario, poor)
    assert problem in found.message
    assert found.line == 5
    assert _problems(tmp_path, scenario, Line()) == []


@pytest.mark.parametrize(("mode", "refused"), [("auto", True), ("native", True), ("voice", False)])
def test_how_soon_an_agent_stops_is_not_measured_where_it_is_told_to(
    tmp_path: Path, mode: str, refused: bool
) -> None:
    scenario = f"script:\n  - interrupt: hi\n    stops_within: 1s\n    mode: {mode}\n"
    found = _problems(tmp_path, scenario, Line())
    assert ["add 'mode: voice'" in problem.message for problem in found] == [True] * refused


def test_a_line_that_cannot_be_told_to_stop_may_be_timed(tmp_path: Path) -> None:
    scenario = "script:\n  - interrupt: hi\n    stops_within: 1s\n"
    assert _problems(tmp_path, scenario, Line(sends=ALL_EVENTS - {Interrupted})) == []


def test_a_typed_turn_needs_a_line_that_takes_one(tmp_path: Path) -> None:
    script = "script:\n  - agent\n  - text: Hello.\n  - agent\n"
    assert _problems(tmp_path, script, Line()) == []
    (problem,) = _problems(tmp_path, script, Line(sends=ALL_EVENTS - {Text}))
    assert (problem.line, problem.column) == (5, 11)
    assert problem.message == "scripted takes no typed turns: write 'user:' instead"


@pytest.mark.parametrize("step", ["backchannel: uh-huh", "noise: cough"])
@pytest.mark.parametrize("line", [MARKED, MARKED_AT_START, KEPT_BACK])
def test_what_is_no_turn_is_refused_where_only_turns_are_heard(
    tmp_path: Path, line: Line, step: str
) -> None:
    script = f"script:\n  - agent\n  - {step}\n  - agent\n"
    (problem,) = _problems(tmp_path, script, line)
    assert (problem.line, problem.column) == (5, len(f"  - {step.partition(':')[0]}: ") + 1)
    assert problem.message == (
        "with these settings scripted hears nothing but the user's turns, so this proves nothing: "
        "write 'listening: all' under 'agent', or leave this out"
    )
    assert _problems(tmp_path, script, Line()) == []


@pytest.mark.parametrize(
    ("line", "mode", "ways"),
    [
        (MARKED, "voice", "write 'listening: all' under 'agent', or leave 'mode' out"),
        (MARKED, "auto", None),
        (MARKED, "native", None),
        (MARKED_AT_START, "voice", None),
        (MARKED_AT_START, "auto", None),
        (KEPT_BACK, "voice", "write 'listening: all' under 'agent', or leave this out"),
        (KEPT_BACK, "auto", "write 'listening: all' under 'agent', or leave this out"),
        (Line(), "voice", None),
    ],
)
def test_a_voice_interrupts_only_who_hears_it_while_it_speaks(
    tmp_path: Path, line: Line, mode: str, ways: str | None
) -> None:
    script = f"script:\n  - interrupt: Wait\n    mode: {mode}\n  - agent\n"
    found = _problems(tmp_path, script, line)
    assert [problem.message.partition(": ")[2] for problem in found] == (
        [] if ways is None else [ways]
    )
    assert all(problem.line == (5 if mode == "voice" else 4) for problem in found)


def test_how_soon_an_agent_stops_has_no_way_out_where_no_voice_interrupts(tmp_path: Path) -> None:
    script = "script:\n  - interrupt: Wait\n    stops_within: 1s\n"
    (problem,) = _problems(tmp_path, script, MARKED)
    assert problem.message.endswith("so nothing is measured: leave this out")


def test_a_user_who_is_made_up_interrupts_as_well(tmp_path: Path) -> None:
    script = "script:\n  - improvise: {goal: a refund, interrupts: 20%}\n"
    (problem,) = _problems(tmp_path, script, KEPT_BACK)
    assert (problem.line, problem.column) == (4, 45)
    assert _problems(tmp_path, script, MARKED) == []
    calm = "script:\n  - improvise: a refund\n"
    assert _problems(tmp_path, calm, KEPT_BACK) == []


def test_background_and_keys_belong_to_turns_and_are_heard_in_them(tmp_path: Path) -> None:
    script = "user: {background: cafe, effects: [phone]}\nscript:\n  - dtmf: 12\n  - agent\n"
    assert _problems(tmp_path, script, KEPT_BACK) == []


def test_an_agent_that_gets_text_alone_has_no_setting_to_offer_and_says_so(tmp_path: Path) -> None:
    typed = Line(sends=ALL_EVENTS - {Audio, Interrupted}, hears_between_turns=False)
    script = "script:\n  - agent\n  - noise: door\n  - interrupt: Wait\n"
    noise, interrupt = _problems(tmp_path, script, typed, instead="")
    assert noise.message.startswith("no sound of the user reaches this agent")
    assert interrupt.message.endswith("so a voice cannot interrupt it: leave this out")
