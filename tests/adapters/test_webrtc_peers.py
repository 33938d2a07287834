"""Whole calls with an agent on stock aiortc, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.calls import Quiet
from tests.conftest import Speak
from voicetest.audio.wav import write_wav
from voicetest.checks.result import Result
from voicetest.run import plan, run
from voicetest.speech.providers import Speech

pytestmark = pytest.mark.process

AGENT = Path(__file__).parents[1] / "peers/aiortc_agent.py"
LINES = {
    "greeting": "Parcel service, how can I help you?",
    "line-1": "We are open from nine to six on Monday, Tuesday, Wednesday and Thursday.",
    "line-2": "You are welcome. Goodbye.",
}
EVENTS = """
  events:
    sends: {interrupt: {type: stop}}
    receives:
      agent_transcript: {type: says, text: <text>}
      interrupted: {type: stopped}
"""
TWO_TURNS = """
  - agent: {says: how can I help, within: 3s}
  - user: What are your opening hours?
  - agent: {says: from nine to six, within: 3s}
  - user: Thank you.
  - agent: {says: goodbye, within: 3s}
"""


@dataclass(frozen=True)
class Agent:
    """An agent that is running."""

    process: subprocess.Popen[str]
    url: str


@pytest.fixture(scope="module", name="lines")
def _lines(tmp_path_factory: pytest.TempPathFactory, speak: Speak) -> Path:
    folder = tmp_path_factory.mktemp("lines")
    for name, words in LINES.items():
        write_wav(folder / f"{name}.wav", speak(words, "en-us"))
        (folder / f"{name}.txt").write_text(words)
    return folder


@contextmanager
def _agent(lines: Path, *options: str) -> Iterator[Agent]:
    command = [sys.executable, str(AGENT), "--lines", str(lines), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().removeprefix("listening on ").strip()
            yield Agent(process, f"http://127.0.0.1:{port}")
        finally:
            process.kill()


def _call(
    folder: Path, speech: Speech, url: str, script: str, settings: str = "", events: str = ""
) -> Result:
    file = folder / "scenario.yaml"
    file.write_text(
        f"version: 1\nagent:\n  adapter: webrtc\n  signaling_url: {url}\n"
        f"  response_timeout: 8s\n{settings}{events}\n"
        f"user: {{voice: espeak/en-us+f2}}\ntranscriber: pocketsphinx/espeak\n"
        f"limits: {{patience: 1s}}\nscript:{script}"
    )
    planned = plan(file, {}, speech)
    (folder / "call/segments").mkdir(parents=True)
    return run(planned, folder / "call", Quiet())


@pytest.mark.parametrize("codec", ["", "PCMU", "PCMA"])
def test_a_conversation_of_two_turns_by_sound_alone(
    tmp_path: Path, speech: Speech, lines: Path, codec: str
) -> None:
    with _agent(lines, *(["--codec", codec] if codec else [])) as agent:
        result = _call(tmp_path, speech, f"{agent.url}/offer", TWO_TURNS)
    assert result.status == "passed", (result.checks, result.errors)
    assert result.termination.by == "user"


def test_a_session_over_whip_is_deleted_afterwards(
    tmp_path: Path, speech: Speech, lines: Path
) -> None:
    with _agent(lines) as agent:
        result = _call(
            tmp_path,
            speech,
            f"{agent.url}/whip",
            "\n  - agent: {says: how can I help}\n",
            "  signaling: whip\n",
        )
        assert result.status == "passed", (result.checks, result.errors)
        assert agent.process.stdout is not None
        assert agent.process.stdout.readline() == "deleted\n"


def test_what_the_agent_says_on_its_data_channel_is_used_and_it_can_be_told_to_stop(
    tmp_path: Path, speech: Speech, lines: Path
) -> None:
    script = """
  - agent: {says: how can I help}
  - user: What are your opening hours?
  - interrupt: Thank you.
    after: 1s
    mode: native
  - agent: {says: goodbye}
"""
    with _agent(lines) as agent:
        result = _call(tmp_path, speech, f"{agent.url}/offer", script, events=EVENTS)
    assert result.status == "passed", (result.checks, result.errors)
    said = [turn.claimed for turn in result.turns if turn.by == "agent"]
    assert said == list(LINES.values())
    (cut,) = [turn for turn in result.turns if turn.truncated]
    assert cut.end_s - cut.start_s < 2.0


def test_an_agent_that_hangs_up_has_been_heard_to_its_end(
    tmp_path: Path, speech: Speech, lines: Path
) -> None:
    script = """
  - agent: {says: how can I help}
  - user: What are your opening hours?
  - agent: {says: wednesday and thursday, ends_call: true}
"""
    with _agent(lines, "--hangs-up") as agent:
        result = _call(tmp_path, speech, f"{agent.url}/offer", script)
    assert result.status == "passed", (result.checks, result.errors)
    assert result.termination.by == "agent"


def test_an_agent_that_is_killed_is_an_error_and_what_it_said_is_kept(
    tmp_path: Path, speech: Speech, lines: Path
) -> None:
    script = "\n  - agent: {says: how can I help}\n  - silence: 30s\n"
    with _agent(lines) as agent:
        killing = threading.Timer(6.0, agent.process.kill)
        killing.start()
        result = _call(tmp_path, speech, f"{agent.url}/offer", script)
        killing.join()
    assert result.status == "error"
    (error,) = result.errors
    assert (error.kind, error.where) == ("connection", "calling")
    assert "1006" in error.message
    assert "no packet came for 10 s" in error.message
    assert result.duration_s < 25
    assert "how can i help" in (result.turns[0].transcript or "").lower()
