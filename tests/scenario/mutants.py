"""Reads mutated files as the commands do: `python -m tests.scenario.mutants COUNT [SEED]`."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType

from tests.scenario.mutations import mutated
from voicetest.agents.dialogue import Dialogue
from voicetest.errors import ScenarioError, SetupError
from voicetest.scenario.load import load_model
from voicetest.scenario.table import read_table
from voicetest.suite.env_file import read_env_file
from voicetest.suite.validate import validate_suite

__all__ = ["KINDS", "Outcome", "read_mutant", "write_seeds"]

_ROOT = Path(__file__).parents[2]
_LONGEST_S = 10.0
"""A file takes milliseconds; on a machine that does much else some of them become seconds."""

Outcome = str


def _validate(path: Path) -> None:
    found = validate_suite([path], {})
    if found.problems:
        raise ScenarioError(found.problems)


def _read_dialogue(path: Path) -> None:
    load_model(Dialogue, path)


def _read_table(path: Path) -> None:
    read_table(path, str(path))


@dataclass(frozen=True)
class Kind:
    """Files of one kind, and how they are read."""

    name: str
    seeds: tuple[bytes, ...]
    read: Callable[[Path], object]


def _files(*names: str) -> tuple[bytes, ...]:
    return tuple((_ROOT / "scenarios" / name).read_bytes() for name in names)


_SMALL = b"""\
version: 1
name: "Billing of ${amount}"
tags: [a, b]
vars: {amount: "42", key: "${env.SOME_KEY}"}
agent: {adapter: composable, stt: pocketsphinx/espeak, dialogue: seed-agent.yaml, tts: espeak/en-us}
user: {voice: espeak/en-us+f2, rate: 1.1, background: {sound: babble, snr: 20dB}}
line: {uplink: {codec: g711, loss: 2%}}
tools:
  - {name: lookup, description: d, parameters: {type: object}, returns: {amount: 42}}
script:
  - agent: {says: hello, within: 2s}
  - user: I pay ${amount} dollars.
  - interrupt: Stop.
    after: 500ms
  - silence: 1s
  - dtmf: "12#"
  - agent: {says: [a, b], calls_tool: {name: lookup, arguments: {n: 1}}, matches: "a+b"}
checks: {never_says: [x, y], turns: {min: 1}, response_latency: {p95: 2s}}
limits: {patience: 3s}
seed: 7
"""
_EXTENDING = b"""\
version: 1
extends: seed.yaml
cases: cases.csv
script:
  - user: ${amount}
"""
_MAPPED = b"""\
version: 1
transcriber: pocketsphinx
agent:
  adapter: websocket
  url: wss://voice.example.com/v2
  protocol:
    rate: 16000
    on_open: [{op: hello, version: 2}]
    sends: {audio: {op: mic, pcm: <audio>}, tool_result: {op: result, call: <id>, value: <result>}}
    receives:
      audio: {op: voice, frames: [{pcm: <audio>}]}
      tool_call: {op: call, call: <id>, function: {name: <name>, args: <arguments>}}
      hangup: {op: bye}
    replies: [{to: {op: ping, n: <n>}, send: {op: pong, n: <n>}}]
script: [{agent: hello}]
"""
_CSV = b'case,amount,city\none,12,"Bonn, Rhine"\ntwo,13,"a ""b"""\n\nthree,14,Ulm\n'
_ENV = b"# keys\nexport A=1\nB = 'two # 2'\nC=\"three\"\nD=four # comment\n\nE=\nLONG=aaaaaaaa\n"

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "scenario", (_SMALL, _EXTENDING, *_files("interruption.yaml", "judged.yaml")), _validate
        ),
        Kind("map", (_MAPPED, *_files("private-json.yaml")), _validate),
        Kind("dialogue", _files("agents/billing.yaml", "agents/menu.yaml"), _read_dialogue),
        Kind("table", (_CSV,), _read_table),
        Kind("env", (_ENV,), read_env_file),
    )
}


def write_seeds(folder: Path) -> None:
    """The files that those of the kinds name."""
    (folder / "seed.yaml").write_bytes(_SMALL)
    (folder / "seed-agent.yaml").write_bytes(_files("agents/billing.yaml")[0])
    (folder / "cases.csv").write_bytes(_CSV)
    (folder / "folder").mkdir()
    shutil.copytree(_ROOT / "scenarios" / "agents", folder / "agents")


def read_mutant(kind: Kind, number: int, folder: Path) -> Outcome:
    """Write and read one mutant; every mutant of a number is the same.

    Raises whatever reading raises but should not, TimeoutError for a file that takes too long.
    """
    random = Random(f"{kind.name} {number}")
    seed = random.choice(kind.seeds)
    others = [data for other in KINDS.values() for data in other.seeds]
    path = folder / ("mutated.yaml" if kind.read in (_validate, _read_dialogue) else "mutated.txt")
    path.write_bytes(mutated(seed, others, random))
    try:
        with _bounded(_LONGEST_S):
            kind.read(path)
    except ScenarioError as error:
        return _of_problems(error, path)
    except SetupError:
        return "lacking"
    return "fine"


def _of_problems(error: ScenarioError, path: Path) -> Outcome:
    assert error.problems
    for problem in error.problems:
        assert problem.message
        assert problem.line >= 0
        assert problem.column >= 0
    return "told at its line" if any(problem.line for problem in error.problems) else "told"


@contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    """Raises TimeoutError where the clock strikes; only in the main thread."""

    def strike(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"took more than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def main(count: int, first: int) -> None:
    """Read so many mutants of each kind and print what became of them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_seeds(folder)
        os.chdir(folder)
        for kind in KINDS.values():
            outcomes: Counter[str] = Counter()
            slowest, began = (0.0, 0), time.perf_counter()
            for number in range(first, first + count):
                start = time.perf_counter()
                try:
                    outcomes[read_mutant(kind, number, folder)] += 1
                except Exception as error:  # noqa: BLE001  # what is looked for
                    outcomes["WRONG"] += 1
                    _say(f"{kind.name} {number}: {error!r}"[:300])
                slowest = max(slowest, (time.perf_counter() - start, number))
            took = time.perf_counter() - began
            _say(f"{kind.name} {dict(outcomes)} slowest {slowest} {took:.0f} s")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
