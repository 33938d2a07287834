"""Runs that are told to end, or killed, at some moment: what they leave."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Ended", "Sent", "end"]

_LONGEST_S = 100.0
_LOOK_S = 0.01


@dataclass(frozen=True)
class Sent:
    """A signal, sent so long after the one before it, to one process or to its whole group."""

    number: int
    after_s: float = 0.0
    to_group: bool = False


@dataclass(frozen=True)
class Ended:
    """How a run ended, and what it left."""

    exit_code: int
    """As a shell gives it: 128 and its number for a signal that killed it."""
    took_s: float
    """From the first signal to the end."""
    folder: Path | None
    output: str

    @property
    def summary(self) -> Mapping[str, Any] | None:
        """What its run.json says."""
        path = None if self.folder is None else self.folder / "run.json"
        return json.loads(path.read_bytes()) if path is not None and path.exists() else None

    @property
    def calls(self) -> Sequence[Path]:
        """The folders of its calls."""
        found = () if self.folder is None else self.folder.iterdir()
        return sorted(path for path in found if path.is_dir())

    @property
    def unplayable(self) -> Sequence[Path]:
        """Recordings that no player takes, or whose header promises more than there is."""
        return [path for call in self.calls for path in call.glob("*.wav") if not _plays(path)]


def end(
    arguments: Sequence[str], out: Path, sent: Sequence[Sent], awaited: str = "", wait_s: float = 0
) -> Ended:
    """`voicetest run` until its output, or the log of a call, has `awaited`, then the signals."""
    command = [sys.executable, "-m", "voicetest", "run", *arguments, "--out", str(out)]
    log = out.parent / f"{out.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            _come(process, log, out, awaited)
            time.sleep(wait_s)
            began = time.monotonic()
            for one in sent:
                time.sleep(one.after_s)
                if process.poll() is None:
                    (os.killpg if one.to_group else os.kill)(process.pid, one.number)
            code = process.wait(_LONGEST_S)
            took = time.monotonic() - began
        finally:
            process.kill()
            process.wait()
    folder = max(out.glob("20*"), default=None)
    return Ended(128 - code if code < 0 else code, took, folder, log.read_text(encoding="utf-8"))


def _come(process: subprocess.Popen[bytes], log: Path, out: Path, awaited: str) -> None:
    deadline = time.monotonic() + _LONGEST_S
    while awaited and process.poll() is None and time.monotonic() < deadline:
        texts = [log, *out.glob("20*/*/events.jsonl")]
        if any(awaited in path.read_text(encoding="utf-8") for path in texts):
            return
        time.sleep(_LOOK_S)


def _plays(path: Path) -> bool:
    try:
        with wave.open(str(path)) as sound:
            promised: int = sound.getnframes() * 2 * sound.getnchannels()
            return len(sound.readframes(sound.getnframes())) == promised
    except (wave.Error, EOFError):
        return False


KILLED = Sent(signal.SIGKILL)
