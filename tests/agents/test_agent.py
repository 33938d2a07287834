"""The embedded agent on a line in memory: it really listens and really speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import numpy as np
import pytest

from tests.conftest import Speak
from voicetest.agents.agent import EmbeddedAgent
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.manners import Manners
from voicetest.agents.rules import DialogueMind
from voicetest.audio.chunk import AudioChunk, Samples
from voicetest.clock import Clock, run, sleep_until
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Event,
    Hangup,
    ToolCalled,
    ToolResult,
    Transcript,
)
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import End
from voicetest.protocols.in_process import InProcess
from voicetest.scenario.load import load_model
from voicetest.speech.providers import Speech
from voicetest.transports.base import Transport
from voicetest.transports.memory import memory_pair

Heard = list[tuple[float, Event]]
Near = CodecLink[Event]


async def _talk(line: Near, words: Samples, start: float, until: float) -> None:
    """Send a live line: silence, the words at `start`, silence until `until`."""
    first, whole = round(start * 24_000), round(until * 24_000)
    sound = np.zeros(whole, np.int16)
    sound[first : first + len(words)] = words
    for number in range(whole // 480):
        await sleep_until(number * 0.02)
        await line.send(Audio(AudioChunk.of(sound[number * 480 : (number + 1) * 480])))


def _call(
    speech: Speech,
    dialogue: Dialogue,
    talk: Callable[[Near], Awaitable[None]],
    *,
    paced: bool = False,
    manners: Manners | None = None,
) -> Heard:
    """Call an agent; everything it said, with the time at which it said it."""
    heard: Heard = []

    async def hear(line: Near) -> None:
        loop = asyncio.get_running_loop()
        async with aclosing(line.events()) as events:
            async for event in events:
                heard.append((loop.time(), event))
                if isinstance(event, ToolCalled):
                    await line.send(ToolResult(event.id, '{"name": "Jo"}'))

    async def main() -> None:
        near: Transport[Event]
        far: Transport[Event]
        near, far = memory_pair()
        async with (
            asyncio.TaskGroup() as tasks,
            CodecLink(InProcess(End.SERVER, paced), far) as far_line,
        ):
            agent = EmbeddedAgent(
                speech.transcriber("pocketsphinx", dialogue.phrases),
                DialogueMind(dialogue),
                speech.voice("espeak/en-us"),
                manners or dialogue.manners,
                far_line,
            )
            tasks.create_task(agent.serve())
            async with CodecLink(InProcess(End.CLIENT, paced), near) as line:
                hearing = tasks.create_task(hear(line))
                await talk(line)
                hearing.cancel()

    run(main(), Clock.VIRTUAL)
    return heard


@pytest.fixture(scope="module")
def dialogue(tmp_path_factory: pytest.TempPathFactory) -> Dialogue:
    file = tmp_path_factory.mktemp("agent") / "agent.yaml"
    file.write_text(
        "greeting: Hello.\n"
        "rules:\n"
        "  - when: charged twice\n"
        "    tool: {name: lookup}\n"
        "    say: I see, ${result.name}.\n"
        "  - when: that is all\n"
        "    say: Goodbye.\n"
        "    ends_call: true\n"
    )
    return load_model(Dialogue, file)


def _kinds(heard: Heard) -> list[type[Event]]:
    return [type(event) for _, event in heard]


def test_it_greets_first_and_says_what_it_says(speech: Speech, dialogue: Dialogue) -> None:
    heard = _call(speech, dialogue, lambda line: sleep_until(5))
    assert _kinds(heard) == [AgentTurnStarted, Transcript, Audio, AgentTurnEnded]
    assert heard[0][0] == 0
    assert heard[1][1] == Transcript("agent", "Hello.")


def test_it_understands_calls_its_tool_and_answers_once(
    speech: Speech, speak: Speak, dialogue: Dialogue
) -> None:
    words = speak("I was charged twice for my March invoice.", "en-us+f2")
    heard = _call(speech, dialogue, lambda line: _talk(line, words, 2.0, 8.0))
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
    talk = lambda line: _talk(line, words, 2.0, 8.0)  # noqa: E731
    quick = _call(speech, dialogue, talk)
    slow = _call(speech, dialogue, talk, manners=Manners(reply_delay=1.5))
    assert slow[5][0] - quick[5][0] == pytest.approx(1.5, abs=0.001)


def test_it_falls_silent_when_the_user_speaks_over_it(
    speech: Speech, speak: Speak, dialogue: Dialogue
) -> None:
    long = Dialogue(greeting="Thank you for calling. " * 4)
    words = speak("I was charged twice for my March invoice.", "en-us+f2")
    heard = _call(speech, long, lambda line: _talk(line, words, 1.0, 3.6))
    cleared = [at for at, event in heard if isinstance(event, Cleared)]
    assert cleared == [pytest.approx(1.0 + long.yields_after, abs=0.15)]
    assert AgentTurnEnded("interrupted") in [event for _, event in heard]


def test_a_short_word_does_not_silence_it(speech: Speech, speak: Speak) -> None:
    stubborn = Dialogue(greeting="Thank you for calling. " * 4, yields_after=5.0)
    words = speak("Yes.", "en-us+f2")
    heard = _call(speech, stubborn, lambda line: _talk(line, words, 1.0, 4.0))
    assert not [event for _, event in heard if isinstance(event, Cleared)]


def test_it_hangs_up_after_its_last_words(speech: Speech, speak: Speak, dialogue: Dialogue) -> None:
    words = speak("No, that is all, thank you.", "en-us+f2")
    heard = _call(speech, dialogue, lambda line: _talk(line, words, 2.0, 9.0))
    assert Transcript("agent", "Goodbye.") in [event for _, event in heard]
    sounds = [(at, event.chunk) for at, event in heard if isinstance(event, Audio)]
    said_at, goodbye = sounds[-1]
    hung_up_at, last = heard[-1]
    assert last == Hangup(1000, "the agent ended the call", normal=True)
    assert hung_up_at == pytest.approx(said_at + goodbye.duration + 0.2, abs=0.03)


def test_on_a_paced_line_it_speaks_in_real_time(speech: Speech, dialogue: Dialogue) -> None:
    heard = _call(speech, dialogue, lambda line: sleep_until(3), paced=True)
    sent = [at for at, event in heard if isinstance(event, Audio)]
    assert len(sent) > 10
    assert np.allclose(np.diff(sent), 0.02)


def test_it_leaves_when_the_user_hangs_up(speech: Speech, dialogue: Dialogue) -> None:
    heard = _call(speech, dialogue, lambda line: sleep_until(0.1))
    assert _kinds(heard) == [AgentTurnStarted, Transcript, Audio, AgentTurnEnded]
