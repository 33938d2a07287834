"""The parts of the soak: each runs voicetest as a process of its own and watches it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from tests.soak.watch import Look, looks

__all__ = ["Bounds", "many_calls", "one_long_call", "real_clock"]

AGENT = """\
agent:
  adapter: composable
  stt: pocketsphinx/espeak
  dialogue:
    greeting: Thank you for calling. How can I help you today?
    reply_delay: 700ms
    fallback: I will look into your invoice right now.
  tts: espeak/en-us
user: {voice: espeak/en-us+f2}
"""
EXCHANGE = "  - user: I was charged twice for my March invoice.\n  - agent: {says: invoice}\n"
CALL_S = 60.0
"""Seconds that a call of seven exchanges takes, about."""
_OF_CALL, _PER_HOUR = 8_000_000, 10_000_000
"""Bytes that a call may take when it is judged, and for each hour that it lasts."""


@dataclass(frozen=True)
class Bounds:
    """What may be more at the end than after the first ten minutes, or a sixth if that is less."""

    memory: int = 1_000_000
    """Bytes, of the process itself."""
    descriptors: int = 4
    threads: int = 2
    children: int = 0
    temporary: int = 0


def real_clock(folder: Path, seconds: float, calls: int, bounds: Bounds) -> list[str]:
    """So many calls at once on the real clock."""
    print(f"{calls} calls at once on the real clock for {seconds / 60:g} min")
    repeat = max(1, min(1000, round(seconds / CALL_S)))
    for number in range(calls):
        _write(folder / f"call-{number:02}.yaml", "Soak", EXCHANGE * 7, f"repeat: {repeat}\n")
    words = ("--clock", "real", "--jobs", str(calls), "--timeout", f"{seconds:g}s")
    found = _watched(folder, words, seconds / 60)
    return _grown("real clock", found, min(600.0, seconds / 6), bounds)


def many_calls(folder: Path, calls: int, bounds: Bounds) -> list[str]:
    """So many calls on virtual time, one after the other and in two processes."""
    print(f"{calls} calls on virtual time")
    files = max(2, -(-calls // 1000))
    for number in range(files):
        _write(folder / f"call-{number:02}.yaml", "Soak", EXCHANGE, f"repeat: {calls // files}\n")
    found = _watched(folder, ("--clock", "virtual", "--jobs", "2"), 5.0)
    last = found[-1].at_s if found else 0.0
    return _grown("virtual time", found, last / 3, bounds)


def one_long_call(folder: Path, seconds: float, bounds: Bounds) -> list[str]:
    """One call of so many seconds, of which a minute is an exchange and silence.

    What happens in it is remembered until it is over: its timeline, and how late each frame was.
    """
    bounds = replace(bounds, memory=_OF_CALL + round(seconds / 3600 * _PER_HOUR))
    print(f"one call of {seconds / 3600:g} h on virtual time")
    minutes = "  - silence: 52s\n" + EXCHANGE
    limits = f"limits: {{max_duration: {seconds + 600:g}s, idle_timeout: 10m}}\n"
    _write(folder / "call.yaml", "Soak", minutes * round(seconds / 60), limits)
    found = _watched(folder, ("--clock", "virtual"), 5.0)
    return _grown("long call", found, (found[-1].at_s if found else 0.0) / 3, bounds)


def _write(path: Path, name: str, steps: str, more: str) -> None:
    path.parent.mkdir(exist_ok=True)
    text = f"version: 1\nname: {name}\n{AGENT}{more}script:\n  - agent\n{steps}"
    path.write_text(text, encoding="utf-8")


def _watched(folder: Path, words: Sequence[str], every_s: float) -> list[Look]:
    """Run what is in a folder and print what is seen of it."""
    log, temporary = (folder / "log.txt").open("w"), folder / "tmp"
    temporary.mkdir()
    command = [sys.executable, "-m", "voicetest", "run", str(folder), "--keep", "none"]
    with log:
        process = psutil.Popen(
            [*command, "--out", str(folder / "runs"), *words],
            stdout=log,
            stderr=log,
            env=os.environ | {"VOICETEST_CACHE": str(folder / "cache"), "TMPDIR": str(temporary)},
        )
        found = []
        for look in looks(process, temporary, every_s):
            print(f"  {look}", flush=True)
            found.append(look)
    for path in (folder / "runs").glob("*Z-*/run.json"):
        told = json.loads(path.read_text())
        calls = sum(line["folder"] is not None for line in told["scenarios"])
        print(f"  {calls} calls, verdicts on cases: {told['totals']}, exit {told['exit_code']}")
    return found


def _grown(part: str, found: Sequence[Look], settled_s: float, bounds: Bounds) -> list[str]:
    """What grew beyond its bound between a moment and the last look but one, the last ends."""
    first = next((look for look in found if look.at_s >= settled_s), None)
    if first is None or first is found[-1]:
        return [f"{part}: it was over too soon to be looked at"]
    last = found[-2] if len(found) > 2 else found[-1]
    failed = []
    for name, bound in vars(bounds).items():
        was, now = getattr(first, name), getattr(last, name)
        print(f"  {name}: {was:,} after {first.at_s:.0f} s, {now:,} after {last.at_s:.0f} s")
        if now - was > bound:
            failed.append(f"{part}: {name} grew by {now - was:,}, and may by {bound:,}")
    return failed
