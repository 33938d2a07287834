"""Runs that end at a random moment: nothing of what there is is lost."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.media_agent import MediaAgent
from tests.endings import Ended, Sent, end
from voicetest.report.html import html
from voicetest.report.junit import junit
from voicetest.report.stored import load_run

pytestmark = pytest.mark.process

SCENARIO = """\
version: 1
name: Opening hours
agent:
  adapter: composable
  stt: pocketsphinx/espeak
  dialogue: {greeting: Thank you for calling., fallback: We open at nine.}
  tts: espeak/en-us
matrix: {day: [Monday, Sunday]}
script:
  - agent
  - user: When do you open on ${day}?
  - agent: {says: nine}
"""
WAYS = [(), ("--jobs", "4"), ("--clock", "real"), ("--clock", "real", "--jobs", "4")]
MOMENTS = int(os.environ.get("VOICETEST_MOMENTS", "1"))
"""For each signal and way to run."""
FIRST = int(os.environ.get("VOICETEST_FIRST_MOMENT", "0"))
MANY = int(os.environ.get("VOICETEST_MANY_CALLS", "20"))
"""Calls that are on at once."""
KILLS = int(os.environ.get("VOICETEST_KILLS", "5"))
LINE = """\
version: 1
name: Line {number}
agent: {{adapter: pipecat, url: "ws://127.0.0.1:{port}"}}
script:
  - dtmf: 123
  - silence: 4s
"""
BOUND_S = 7.0
SPARE_S = 5.0
"""A machine that is shared is slow to end a process."""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two cases."""
    file = tmp_path_factory.mktemp("ended") / "hours.yaml"
    file.write_text(SCENARIO)
    return str(file)


def _ended(scenario: str, out: Path, way: tuple[str, ...], sent: Sent, moment: int) -> Ended:
    """After the first call has begun; most of the moments lie before the end."""
    chance = random.Random(f"{sent.number} {way} {moment}")
    words = [scenario, "--repeat", "4", "--junit", str(out.parent / "junit.xml"), *way]
    awaited = chance.choice(["dialling", "lines to speak", "calling", "listening again"])
    sent = Sent(sent.number, to_group=chance.random() < 0.5)
    return end(words, out, [sent], awaited, wait_s=chance.uniform(0, 6))


@pytest.mark.parametrize("moment", range(FIRST, FIRST + MOMENTS))
@pytest.mark.parametrize("way", WAYS, ids=" ".join)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_at_any_moment_leaves_all_results(
    scenario: str,
    tmp_path: Path,
    cache_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: tuple[str, ...],
    number: int,
    code: int,
    moment: int,
) -> None:
    monkeypatch.setenv("VOICETEST_CACHE", str(cache_folder))
    ended = _ended(scenario, tmp_path / "runs", way, Sent(number), moment)
    assert ended.exit_code in (code, 0), ended.output
    assert "Traceback" not in ended.output
    assert ended.unplayable == []
    if ended.folder is not None:
        assert ended.summary is not None, ended.output
        lost = [c for c in ended.calls if not (c / "manifest.json").exists()]
        assert [call for call in lost if any(call.glob("recording.*"))] == []
        assert (tmp_path / "junit.xml").exists()
        load_run(ended.folder)
    assert ended.took_s < BOUND_S + SPARE_S


@pytest.mark.parametrize("moment", range(FIRST, FIRST + MOMENTS))
@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_what_a_kill_at_any_moment_leaves_plays_and_is_reported(
    scenario: str,
    tmp_path: Path,
    cache_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: tuple[str, ...],
    moment: int,
) -> None:
    monkeypatch.setenv("VOICETEST_CACHE", str(cache_folder))
    ended = _ended(scenario, tmp_path / "runs", way, Sent(signal.SIGKILL), moment)
    assert ended.unplayable == []
    if ended.folder is not None:
        run = load_run(ended.folder)
        assert len(run.summary.cases) == 2
        assert junit(run)
        assert html(run, ended.folder / "report.html")


@pytest.mark.parametrize("moment", range(FIRST, FIRST + KILLS))
def test_what_a_kill_leaves_of_many_calls_at_once_plays(
    tmp_path: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    monkeypatch.setenv("VOICETEST_CACHE", str(cache_folder))
    noise = np.random.default_rng(1).normal(0, 2_000, 48_000).astype(np.int16)
    chance = random.Random(f"many {moment}")
    files = [tmp_path / f"line{number}.yaml" for number in range(MANY)]
    with MediaAgent(noise) as agent:
        for number, file in enumerate(files):
            file.write_text(LINE.format(number=number, port=agent.port))
        words = [*map(str, files), "--clock", "real", "--jobs", str(MANY)]
        kill = Sent(signal.SIGKILL, to_group=chance.random() < 0.5)
        ended = end(words, tmp_path / "runs", [kill], "calling", wait_s=chance.uniform(0, 8))
    assert ended.folder is not None, ended.output
    recordings = [path for call in ended.calls for path in call.glob("recording.wav")]
    assert recordings, ended.output
    assert ended.unplayable == []
    run = load_run(ended.folder)
    assert len(run.summary.cases) == MANY
    assert html(run, ended.folder / "report.html")
