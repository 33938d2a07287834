"""What an `agent:` step hears and when it ends, against agents of every kind."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.calls import Call, Far, hold, say, words
from tests.noisy_agents import tone
from voicetest.audio.chunk import AudioChunk, Samples
from voicetest.audio.vad import voiced
from voicetest.call.timeline import StepEnded, Waiting
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Failed,
    ToolCalled,
    ToolResult,
    Transcript,
)
from voicetest.speech.providers import Speech


def _ended(call: Call, step: int) -> StepEnded:
    (found,) = [
        entry.what
        for entry in call.record.entries
        if isinstance(entry.what, StepEnded) and entry.what.step == step
    ]
    return found


def test_an_agent_that_greets_first_is_heard(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def greet(line: Far) -> None:
        await asyncio.sleep(0.7)
        await say(line, "Hello there.", words(1.0, voice))

    call = hold(tmp_path, speech, greet, "script:\n  - agent: {says: hello, within: 1s}\n")
    assert call.result.status == "passed"
    assert call.check("within").value == pytest.approx(0.7, abs=0.02)
    (turn,) = call.result.turns
    assert (turn.start_s, turn.end_s) == pytest.approx((0.7, 1.7), abs=0.03)
    assert turn.end_reason == "turn_ended"


def test_a_promise_and_its_fulfilment_are_one_step(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def check_first(line: Far) -> None:
        await say(line, "Let me check.", words(0.8, voice))
        await asyncio.sleep(3.0)
        await say(line, "I found your invoice.", words(1.0, voice))

    call = hold(tmp_path, speech, check_first, "script:\n  - agent: {says: found}\n")
    assert call.result.status == "passed"
    assert len(call.result.turns) == 2
    assert _ended(call, 0).turns == (0, 1)


def test_patience_ends_a_step_whose_words_never_come(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def say_little(line: Far) -> None:
        await say(line, "Hello.", words(0.5, voice))

    scenario = "limits: {patience: 2s}\nscript:\n  - agent: {says: goodbye}\n"
    call = hold(tmp_path, speech, say_little, scenario)
    assert call.result.status == "failed"
    assert call.failed == ["says"]
    assert call.check("says").where.endswith("scenario.yaml:5")
    assert call.result.duration_s == pytest.approx(2.5, abs=0.1)


def test_an_agent_that_never_answers_fails_and_ends_the_call(
    tmp_path: Path, speech: Speech
) -> None:
    scenario = "script:\n  - user: Hello?\n  - agent\n  - user: Anyone?\n  - agent\n"
    call = hold(tmp_path, speech, lambda line: asyncio.sleep(1000), scenario, response_timeout=5.0)
    assert call.result.status == "failed"
    assert call.failed == ["answers", "reached", "reached"]
    assert "first_chunk_timeout" in call.check("answers").actual
    assert call.result.metrics["missed_responses"].values == (1,)
    assert call.result.duration_s == pytest.approx(5.6, abs=0.6)


def test_an_agent_that_speaks_for_ever_ends_the_step_and_keeps_its_sound(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def babble(line: Far) -> None:
        await line.send(AgentTurnStarted())
        while True:
            await line.send(Audio(words(1.0, voice)))
            await asyncio.sleep(1.0)

    call = hold(
        tmp_path, speech, babble, "script:\n  - agent\n  - silence: 2s\n", response_max_duration=5.0
    )
    assert _ended(call, 0).reason == "max_duration"
    (turn,) = call.result.turns
    assert turn.end_s - turn.start_s == pytest.approx(7.0, abs=0.2)
    assert call.result.duration_s == pytest.approx(7.0, abs=0.05)


def test_a_step_never_outlasts_its_ceiling(tmp_path: Path, speech: Speech, voice: Samples) -> None:
    async def re_prompt(line: Far) -> None:
        while True:
            await say(line, "Are you there?", words(1.0, voice))
            await asyncio.sleep(1.0)

    scenario = "limits: {turn_timeout: 9s}\nscript:\n  - agent: {says: goodbye}\n"
    call = hold(tmp_path, speech, re_prompt, scenario)
    assert call.result.duration_s == pytest.approx(9.0, abs=2.1)
    assert "says" in call.failed


def test_a_line_without_any_message_is_idle(tmp_path: Path, speech: Speech) -> None:
    async def begin_and_stop(line: Far) -> None:
        await line.send(AgentTurnStarted())
        await asyncio.sleep(1000)

    scenario = "limits: {idle_timeout: 4s}\nscript:\n  - agent\n"
    call = hold(tmp_path, speech, begin_and_stop, scenario)
    assert _ended(call, 0).reason == "idle_timeout"
    assert call.result.status == "failed"
    assert call.result.duration_s == pytest.approx(4.0, abs=0.1)


def test_a_line_is_not_idle_while_what_came_at_once_is_heard(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def burst(line: Far) -> None:
        await say(line, "Here are all our terms.", words(9.0, voice))
        await asyncio.sleep(1000)

    scenario = "limits: {idle_timeout: 4s}\nscript:\n  - agent: {says: terms}\n"
    call = hold(tmp_path, speech, burst, scenario)
    assert call.result.status == "passed"
    assert call.result.turns[0].end_s == pytest.approx(9.0, abs=0.2)


def test_a_turn_of_one_tool_call_is_a_turn(tmp_path: Path, speech: Speech) -> None:
    results: list[ToolResult] = []

    async def call_tool(line: Far) -> None:
        await line.send(AgentTurnStarted())
        await line.send(ToolCalled("c1", "lookup", '{"number": "4521", "more": 1}'))
        async with aclosing(line.events()) as events:
            async for event in events:
                if isinstance(event, ToolResult):
                    results.append(event)
                    await line.send(AgentTurnEnded())

    scenario = (
        "tools:\n  - {name: lookup, returns: {amount: 42}, delay: 500ms}\n"
        "script:\n"
        "  - agent:\n"
        "      calls_tool: {name: lookup, arguments: {number: '4521'}}\n"
        "      never_calls: cancel\n"
    )
    call = hold(tmp_path, speech, call_tool, scenario)
    assert call.result.status == "passed"
    assert results == [ToolResult("c1", '{"amount": 42}')]
    (tool,) = call.result.tool_calls
    assert (tool.name, tool.result) == ("lookup", '{"amount": 42}')
    assert tool.answered_at_s == pytest.approx(0.5, abs=0.01)
    assert [message["role"] for message in call.result.messages] == ["assistant", "tool"]


def test_an_unlisted_tool_is_answered_with_an_error(tmp_path: Path, speech: Speech) -> None:
    async def call_tool(line: Far) -> None:
        await line.send(ToolCalled("c1", "transfer", "{}"))
        await asyncio.sleep(0.5)
        await line.send(AgentTurnEnded())

    call = hold(tmp_path, speech, call_tool, "script:\n  - agent: {never_calls: transfer}\n")
    assert call.failed == ["never_calls"]
    assert call.result.tool_calls[0].failed
    assert "no tool named transfer" in str(call.result.tool_calls[0].result)


def test_an_agent_that_ends_the_call_as_expected_passes(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def say_goodbye(line: Far) -> None:
        await say(line, "Goodbye.", words(0.6, voice))
        await asyncio.sleep(1.0)
        await line.hang_up("done")

    scenario = (
        "script:\n  - agent: {says: goodbye, ends_call: true}\n  - user: Wait!\n"
        "checks: {hung_up_by: agent}\n"
    )
    call = hold(tmp_path, speech, say_goodbye, scenario)
    assert call.result.status == "passed"
    assert call.result.termination.by == "agent"
    assert (call.result.termination.code, call.result.termination.reason) == (1000, "done")


def test_an_agent_that_stays_when_it_should_leave_fails(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def stay(line: Far) -> None:
        await say(line, "Goodbye.", words(0.6, voice))
        await asyncio.sleep(1000)

    call = hold(tmp_path, speech, stay, "script:\n  - agent: {ends_call: true}\n")
    assert call.failed == ["ends_call"]
    assert call.result.duration_s == pytest.approx(5.6, abs=0.2)


def test_steps_that_a_hang_up_prevents_are_not_reached(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def leave(line: Far) -> None:
        await say(line, "Hello.", words(0.5, voice))
        await line.hang_up()

    scenario = "script:\n  - agent\n  - user: Hello?\n  - agent\n"
    call = hold(tmp_path, speech, leave, scenario)
    assert call.failed == ["answers", "reached"] or call.failed == ["reached", "reached"]
    assert call.result.status == "failed"


@pytest.mark.parametrize(("speaks", "status"), [(False, "passed"), (True, "failed")])
def test_staying_silent_can_be_expected(
    tmp_path: Path, speech: Speech, voice: Samples, speaks: bool, status: str
) -> None:
    async def maybe(line: Far) -> None:
        await asyncio.sleep(1.0)
        if speaks:
            await say(line, "Hello?", words(0.5, voice))
        await asyncio.sleep(1000)

    call = hold(tmp_path, speech, maybe, "script:\n  - agent: {stays_silent: 3s}\n")
    assert call.result.status == status
    assert call.result.duration_s == pytest.approx(3.0, abs=0.05)


def test_how_long_an_answer_lasts_is_measured_on_its_sound(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def speak_long(line: Far) -> None:
        await say(line, "A long story.", words(2.5, voice))

    scenario = "script:\n  - agent: {lasts: {min: 1s, max: 2s}}\n"
    call = hold(tmp_path, speech, speak_long, scenario)
    assert call.failed == ["lasts"]
    assert call.check("lasts").value == pytest.approx(2.5, abs=0.1)


def test_latency_runs_from_the_end_of_the_users_speech(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def answer(line: Far) -> None:
        silent_for = 0
        async with aclosing(line.events()) as events:
            async for event in events:
                if isinstance(event, Audio):
                    loud = event.chunk.samples().any()
                    silent_for = 0 if loud else silent_for + 1
                    if silent_for == 50:
                        await say(line, "Yes.", words(0.6, voice))

    scenario = "script:\n  - silence: 200ms\n  - user: Hello?\n  - agent: {within: 2s}\n"
    call = hold(tmp_path, speech, answer, scenario)
    user, agent = call.result.turns[:2]
    assert agent.response_latency_s == pytest.approx(1.0, abs=0.05)
    assert call.check("within").value == agent.response_latency_s
    assert agent.start_s - user.end_s == pytest.approx(1.0, abs=0.05)
    assert agent.time_to_first_audio_s == pytest.approx(1.0, abs=0.05)


def test_speech_over_the_user_is_a_talk_over(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def barge_in(line: Far) -> None:
        await asyncio.sleep(0.5)
        await say(line, "Let me stop you there.", words(3.0, voice))

    scenario = (
        "script:\n"
        "  - user: I was charged twice for my March invoice.\n"
        "  - agent\n"
        "checks: {talk_overs: {max: 0}, talk_over: {max: 5%}}\n"
    )
    call = hold(tmp_path, speech, barge_in, scenario)
    assert call.failed == ["talk_over", "talk_overs"]
    agent = next(turn for turn in call.result.turns if turn.by == "agent")
    assert agent.response_latency_s is not None
    assert agent.response_latency_s < 0
    assert call.result.metrics["response_latency"].n == 0
    assert float(call.result.metrics["overlap"].values[0]) > 1.5


def test_warnings_do_not_fail_a_call(tmp_path: Path, speech: Speech, voice: Samples) -> None:
    async def greet(line: Far) -> None:
        await say(line, "Hello.", words(0.5, voice))

    scenario = "limits: {patience: 100ms}\nscript:\n  - agent: {says: goodbye, severity: warn}\n"
    call = hold(tmp_path, speech, greet, scenario)
    assert call.failed == ["says"]
    assert call.result.status == "passed"


async def _hold_on(line: Far, voice: Samples) -> None:
    """One turn by what the platform says: a promise, eight seconds, and its fulfilment."""
    await line.send(AgentTurnStarted())
    await line.send(Transcript("agent", "One moment please."))
    await line.send(Audio(words(1.0, voice)))
    await asyncio.sleep(9.0)
    await line.send(Transcript("agent", "Thank you for holding."))
    await line.send(Audio(words(1.0, voice)))
    await line.send(AgentTurnEnded())
    await asyncio.sleep(1000)


def test_a_hold_is_two_steps_even_where_the_platform_calls_it_one_turn(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    scenario = (
        "script:\n"
        "  - agent: {says: one moment}\n"
        "  - expect: {never_says: holding}\n"
        "  - agent: {says: thank you for holding, within: 15s}\n"
    )
    call = hold(tmp_path, speech, lambda line: _hold_on(line, voice), scenario)
    assert call.result.status == "passed"
    assert [turn.transcript for turn in call.result.turns] == [
        "One moment please.",
        "Thank you for holding.",
    ]
    assert (_ended(call, 0).turns, _ended(call, 2).turns) == ((0,), (1,))
    assert call.check("within").value == pytest.approx(8.0, abs=0.1)


def test_a_hold_with_music_that_is_sent_at_once_is_two_steps(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def play_music(line: Far) -> None:
        await line.send(AgentTurnStarted())
        await line.send(Transcript("agent", "One moment please."))
        await line.send(Audio(words(1.0, voice)))
        await line.send(Audio(AudioChunk.of(tone(220, 277, 330, seconds=8.0))))
        await asyncio.sleep(4.0)
        await line.send(Transcript("agent", "Thank you for holding."))
        await line.send(Audio(words(1.0, voice)))
        await line.send(AgentTurnEnded())
        await asyncio.sleep(1000)

    scenario = (
        "script:\n  - agent: {says: one moment}\n"
        "  - agent: {says: thank you for holding, within: 15s}\n"
    )
    call = hold(tmp_path, speech, play_music, scenario)
    assert call.result.status == "passed", call.result.reason
    assert (_ended(call, 0).turns, _ended(call, 1).turns) == ((0,), (1,))
    assert call.check("within").value == pytest.approx(8.0, abs=0.5)


def test_a_pause_does_not_end_a_step_that_still_expects_something(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    scenario = (
        "script:\n"
        "  - agent: {says: [one moment, holding], patience: 10s}\n"
        "  - agent: {within: 1s}\n"
    )
    call = hold(tmp_path, speech, lambda line: _hold_on(line, voice), scenario, response_timeout=3)
    assert call.failed == ["answers", "within"]
    assert _ended(call, 0).turns == (0, 1)


def test_silence_may_be_written_between_the_two_parts_of_a_hold(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    scenario = "script:\n  - agent: one moment\n  - silence: 3s\n  - agent: for holding\n"
    call = hold(tmp_path, speech, lambda line: _hold_on(line, voice), scenario)
    assert call.result.status == "passed"


def test_a_turn_with_a_pause_stays_one_where_the_user_speaks_next(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    scenario = "script:\n  - agent\n  - user: Thanks.\n"
    call = hold(tmp_path, speech, lambda line: _hold_on(line, voice), scenario)
    assert _ended(call, 0).turns == (0,)
    assert call.result.turns[0].transcript == "One moment please. Thank you for holding."


def test_a_late_end_of_what_an_earlier_step_heard_is_no_answer(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def end_late(line: Far) -> None:
        await line.send(AgentTurnStarted())
        await line.send(Transcript("agent", "One moment please."))
        await line.send(Audio(words(1.0, voice)))
        await asyncio.sleep(4.0)
        await line.send(AgentTurnEnded())
        await asyncio.sleep(6.0)
        await say(line, "Thank you for holding.", words(1.0, voice))

    scenario = "script:\n  - agent: one moment\n  - agent: thank you for holding\n"
    call = hold(tmp_path, speech, end_late, scenario)
    assert call.result.status == "passed"
    assert len(call.result.turns) == 2


@pytest.mark.parametrize("setting", ["patience: 10s", "within: 12s"])
def test_a_step_may_be_more_patient_than_the_call(
    tmp_path: Path, speech: Speech, voice: Samples, setting: str
) -> None:
    async def come_back(line: Far) -> None:
        await say(line, "One moment please.", words(1.0, voice))
        await asyncio.sleep(8.0)
        await say(line, "Thank you for holding.", words(1.0, voice))

    scenario = f"script:\n  - agent: {{says: for holding, {setting}}}\n"
    assert hold(tmp_path, speech, come_back, scenario).result.status == "passed"
    (tmp_path / "default").mkdir()
    usual = hold(tmp_path / "default", speech, come_back, "script:\n  - agent: for holding\n")
    assert usual.failed == ["says"]


def test_a_step_may_wait_for_longer_than_any_limit_of_the_call(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def come_late(line: Far) -> None:
        await asyncio.sleep(8.9)
        await say(line, "Here I am.", words(1.0, voice))

    limits = "limits: {idle_timeout: 4s, turn_timeout: 5s}\n"
    scenario = limits + "script:\n  - agent: {says: here, within: 10s}\n"
    call = hold(tmp_path, speech, come_late, scenario, response_timeout=3.0)
    assert call.result.status == "passed"


def test_a_wait_of_some_length_says_for_what(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    scenario = "script:\n  - agent: one moment\n  - agent: {says: thank you, within: 15s}\n"
    call = hold(tmp_path, speech, lambda line: _hold_on(line, voice), scenario)
    (wait,) = [e for e in call.record.entries if isinstance(e.what, Waiting)]
    assert isinstance(wait.what, Waiting)
    assert (wait.what.step, wait.what.wanted) == (1, "the agent to say 'thank you'")
    assert wait.at - wait.what.since_s == pytest.approx(2.0, abs=0.05)
    assert wait.what.limit_s == pytest.approx(15.0)


QUOTA = Failed("insufficient_quota", "You exceeded your current quota.")
REFUND = "script:\n  - user: Hello?\n  - agent: {says: refund}\n"


async def _heard_a_line(line: Far) -> None:
    """Wait for half a second of silence after the user's speech."""
    spoken, quiet_s = False, 0.0
    async with aclosing(line.events()) as events:
        async for event in events:
            if not isinstance(event, Audio):
                continue
            sounds = voiced(event.chunk.samples())
            spoken, quiet_s = spoken or sounds, 0.0 if sounds else quiet_s + event.chunk.duration
            if spoken and quiet_s >= 0.5:
                return


@pytest.mark.parametrize("script", [REFUND, "script:\n  - user: Hello?\n  - agent\n"])
def test_an_answer_that_failed_without_a_sound_is_an_error_at_once(
    tmp_path: Path, speech: Speech, script: str
) -> None:
    async def fail(line: Far) -> None:
        await _heard_a_line(line)
        await line.send(AgentTurnStarted())
        await line.send(QUOTA)
        await line.send(AgentTurnEnded("failed"))
        await asyncio.sleep(1000)

    call = hold(tmp_path, speech, fail, script)
    assert call.result.status == "error"
    (error,) = call.result.errors
    assert error.message == "the answer failed: insufficient_quota You exceeded your current quota."
    assert call.result.duration_s < 7.0


def test_an_agent_that_never_speaks_after_its_platform_reported_an_error_is_an_error(
    tmp_path: Path, speech: Speech
) -> None:
    async def report(line: Far) -> None:
        await _heard_a_line(line)
        await line.send(QUOTA)
        await asyncio.sleep(1000)

    call = hold(tmp_path, speech, report, REFUND, response_timeout=5.0)
    assert call.result.status == "error"
    assert "You exceeded your current quota." in call.result.errors[0].message


def test_an_answer_that_failed_half_way_is_no_fault_of_its_words(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def break_off(line: Far) -> None:
        await _heard_a_line(line)
        await line.send(AgentTurnStarted())
        await line.send(Transcript("agent", "I will"))
        await line.send(Audio(words(0.5, voice)))
        await line.send(QUOTA)
        await line.send(AgentTurnEnded("failed"))
        await asyncio.sleep(1000)

    assert hold(tmp_path, speech, break_off, REFUND).result.status == "error"


def test_an_error_beside_an_answer_that_was_heard_changes_no_verdict(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def go_on(line: Far) -> None:
        await _heard_a_line(line)
        await line.send(QUOTA)
        await say(line, "No.", words(0.5, voice))
        await asyncio.sleep(1000)

    call = hold(tmp_path, speech, go_on, REFUND)
    assert (call.result.status, call.failed) == ("failed", ["says"])


def test_a_tool_that_was_called_is_enough_where_no_words_are_expected(
    tmp_path: Path, speech: Speech
) -> None:
    async def call_tool(line: Far) -> None:
        await _heard_a_line(line)
        await line.send(AgentTurnStarted())
        await line.send(ToolCalled("1", "refund", "{}"))
        await line.send(QUOTA)
        await line.send(AgentTurnEnded("failed"))
        await asyncio.sleep(1000)

    script = "tools: [{name: refund}]\nscript:\n  - user: Hello?\n  - agent: {calls_tool: refund}\n"
    assert hold(tmp_path, speech, call_tool, script).result.status == "passed"


@pytest.mark.parametrize("script", [REFUND, "script:\n  - user: Hello?\n  - agent\n"])
def test_an_answer_with_nothing_in_it_ends_its_step_with_the_platforms_reason(
    tmp_path: Path, speech: Speech, script: str
) -> None:
    async def give_up(line: Far) -> None:
        await _heard_a_line(line)
        await line.send(AgentTurnStarted())
        await line.send(AgentTurnEnded("incomplete: content_filter"))
        await asyncio.sleep(1000)

    call = hold(tmp_path, speech, give_up, script)
    assert call.result.status == "failed"
    actual = call.check("answers").actual
    assert actual.startswith("empty_answer: the platform ended the answer with nothing in it")
    assert "'incomplete: content_filter'" in actual
    assert call.result.duration_s < 7.0


def test_another_answer_within_the_calls_patience_is_heard_where_the_agent_hears_all_the_time(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def think_twice(line: Far) -> None:
        await _heard_a_line(line)
        await line.send(AgentTurnStarted())
        await line.send(AgentTurnEnded())
        await asyncio.sleep(3.0)
        await say(line, "Your refund is on its way.", words(1.0, voice))

    assert hold(tmp_path, speech, think_twice, REFUND).result.status == "passed"


def test_an_answer_given_up_in_a_pause_of_the_user_is_not_the_one_that_is_waited_for(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def mistake_the_pause(line: Far) -> None:
        async with aclosing(line.events()) as events:
            await anext(events)
            await line.send(AgentTurnEnded())
        await asyncio.sleep(8.0)
        await say(line, "Your refund is on its way.", words(1.0, voice))

    script = "limits: {patience: 1s}\n" + REFUND.replace("Hello?", "Where is my refund? " * 3)
    assert hold(tmp_path, speech, mistake_the_pause, script).result.status == "passed"
