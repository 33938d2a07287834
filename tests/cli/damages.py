"""What may become of the folder of a run: each damage takes the folder of its one call."""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

__all__ = ["DAMAGES", "JUDGED", "Damage"]

Damage = Callable[[Path], None]

JUDGED = "judged"
"""The name of the call's folder."""


def _cut(name: str, share: float) -> Damage:
    def damage(call: Path) -> None:
        path = call / name
        os.truncate(path, int(path.stat().st_size * share))

    return damage


def _absent(name: str) -> Damage:
    return lambda call: (call / name).unlink()


def _filled(name: str, content: bytes) -> Damage:
    def damage(call: Path) -> None:
        (call / name).write_bytes(content)

    return damage


def _replaced(name: str, make: Callable[[Path], object]) -> Damage:
    """Something else is in the place of a file or a folder."""

    def damage(call: Path) -> None:
        path = call / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        make(path)

    return damage


def _moved(name: str) -> Damage:
    """A link leads to where a file or folder is now: outside of the run."""

    def damage(call: Path) -> None:
        path = call / name
        target = call.parent.parent / f"elsewhere-{path.name}"
        path.rename(target)
        path.symlink_to(target.resolve(), target_is_directory=target.is_dir())

    return damage


def _edited(name: str, change: Callable[[Any], object]) -> Damage:
    """A JSON file holds other values."""

    def damage(call: Path) -> None:
        path = call / name
        values = json.loads(path.read_text(encoding="utf-8"))
        changed = change(values)
        path.write_text(json.dumps(values if changed is None else changed), encoding="utf-8")

    return damage


def _events(change: Callable[[list[str]], Iterable[str]]) -> Damage:
    """The lines of events.jsonl are others."""

    def damage(call: Path) -> None:
        path = call / "events.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("".join(f"{line}\n" for line in change(lines)), encoding="utf-8")

    return damage


def _event(**values: Any) -> Damage:
    """One more event stands before the others."""
    return _events(lambda lines: [json.dumps(values), *lines])


def _header(offset: int, layout: str, *values: int) -> Damage:
    """The header of the recording says something else."""

    def damage(call: Path) -> None:
        with (call / "recording.wav").open("r+b") as file:
            file.seek(offset)
            file.write(struct.pack(layout, *values))

    return damage


def _deep(values: Any) -> None:
    inner = values["detector"]
    for _ in range(500):
        inner["inner"] = {}
        inner = inner["inner"]


def _set(*where: str | int, to: Any) -> Callable[[Any], None]:
    def change(values: Any) -> None:
        for key in where[:-1]:
            values = values[key]
        values[where[-1]] = to

    return change


DAMAGES: dict[str, Damage] = {
    # files that are gone, cut, empty, or another file
    "run.json cut": _cut("../run.json", 0.5),
    "run.json empty": _filled("../run.json", b""),
    "run.json not UTF-8": _filled("../run.json", b'{"schema_version": 1, "folder": "\xff"}'),
    "run.json with null bytes": _filled("../run.json", b"\0" * 4096),
    "run.json a sound": _filled("../run.json", b"RIFF\x24\0\0\0WAVEfmt "),
    "run.json nested deep": _filled("../run.json", b"[" * 100_000),
    "run.json a list": _edited("../run.json", lambda values: [values]),
    "run.json of a newer version": _edited("../run.json", _set("schema_version", to=2)),
    "run.json of version 0": _edited("../run.json", _set("schema_version", to=0)),
    "run.json of version '1'": _edited("../run.json", _set("schema_version", to="1")),
    "run.json without a version": _edited("../run.json", lambda v: v.pop("schema_version") and v),
    "run.json without calls": _edited("../run.json", lambda v: v.pop("scenarios") and None),
    "run.json with NaN": _edited("../run.json", _set("scenarios", 0, "wall_s", to=float("nan"))),
    "run.json with half a character": _edited("../run.json", _set("folder", to="\ud800")),
    "run.json with a text for a number": _edited("../run.json", _set("exit_code", to="x")),
    "run.json with a field more": _edited("../run.json", _set("more", to=1)),
    "run.json with another verdict": _edited(
        "../run.json", _set("scenarios", 0, "status", to="passed")
    ),
    "run.json with another verdict on the case": _edited(
        "../run.json", _set("cases", 0, "status", to="passed")
    ),
    "run.json with another exit code": _edited("../run.json", _set("exit_code", to=0)),
    "run.json without one of its calls": _edited("../run.json", _set("scenarios", to=[])),
    "run.json leads to the folder above": _edited(
        "../run.json", _set("scenarios", 0, "folder", to="..")
    ),
    "run.json leads out": _edited("../run.json", _set("scenarios", 0, "folder", to="/etc")),
    "manifest.json named otherwise": _edited("../run.json", _set("scenarios", 0, "folder", to="x")),
    "run.json with a null byte in a name": _edited(
        "../run.json", _set("scenarios", 0, "folder", to="a\0b")
    ),
    "manifest.json with an endless name": _edited(
        "../run.json", _set("scenarios", 0, "folder", to="a" * 5000)
    ),
    "run.json a folder": _replaced("../run.json", Path.mkdir),
    "run.json a pipe": _replaced("../run.json", os.mkfifo),
    "run.json a link out": _moved("../run.json"),
    "run.json a link to itself": _replaced("../run.json", lambda path: path.symlink_to(path)),
    "manifest.json cut": _cut("manifest.json", 0.9),
    "manifest.json empty": _filled("manifest.json", b""),
    "manifest.json gone": _absent("manifest.json"),
    "manifest.json not UTF-8": _filled("manifest.json", b"\xc3\x28"),
    "manifest.json null": _filled("manifest.json", b"null"),
    "manifest.json nested deep": _edited("manifest.json", _deep),
    "manifest.json of a newer version": _edited("manifest.json", _set("schema_version", to=9)),
    "manifest.json without files": _edited("manifest.json", _set("files", to=[])),
    "manifest.json with infinity": _edited("manifest.json", _set("duration_s", to=float("inf"))),
    "manifest.json with an endless call": _edited("manifest.json", _set("duration_s", to=1e300)),
    "manifest.json with a huge number": _edited(
        "manifest.json", _set("harness", "frames_sent", to=10**30)
    ),
    "manifest.json with too many frames": _edited(
        "manifest.json", _set("harness", "frames_sent", to=10**12)
    ),
    "manifest.json with a text for turns": _edited("manifest.json", _set("turns", to="none")),
    "manifest.json with texts for seconds": _edited(
        "manifest.json", _set("metrics", "duration", "values", to=["long"])
    ),
    "manifest.json with another verdict": _edited("manifest.json", _set("status", to="passed")),
    "manifest.json with another length": _edited("manifest.json", _set("duration_s", to=5.5)),
    "manifest.json with another number": _edited(
        "manifest.json", _set("metrics", "duration", "values", to=[5.5])
    ),
    "manifest.json with a file outside": _edited(
        "manifest.json", _set("files", 0, "path", to="../../../secret")
    ),
    "manifest.json with an absolute file": _edited(
        "manifest.json", _set("files", 0, "path", to="/etc/passwd")
    ),
    "manifest.json a folder": _replaced("manifest.json", Path.mkdir),
    "manifest.json a pipe": _replaced("manifest.json", os.mkfifo),
    "manifest.json a link out": _moved("manifest.json"),
    "the call a link out": _moved("."),
    "the call a file": _replaced(".", Path.touch),
    "the call gone": _replaced(".", lambda path: None),
    "events.jsonl cut": _cut("events.jsonl", 0.6),
    "events.jsonl empty": _filled("events.jsonl", b""),
    "events.jsonl gone": _absent("events.jsonl"),
    "events.jsonl not UTF-8": _filled("events.jsonl", b"\xff\xfe\n"),
    "events.jsonl with null bytes": _filled("events.jsonl", b"\0" * 5000),
    "events.jsonl one endless line": _filled("events.jsonl", b'{"at": 0' * 200_000),
    "events.jsonl with broken JSON": _events(lambda lines: [lines[0], "{", *lines[1:]]),
    "events.jsonl without its first lines": _events(lambda lines: lines[5:]),
    "events.jsonl in another order": _events(lambda lines: lines[::-1]),
    "events.jsonl twice": _events(lambda lines: [*lines, *lines]),
    "events.jsonl without 'by'": _events(
        lambda lines: [line.replace(', "by": "agent"', "") for line in lines]
    ),
    "events.jsonl without 'at'": _event(type="mark", by="agent", name="m"),
    "events.jsonl with an unknown type": _event(at=1.0, type="nonsense", by="agent"),
    "events.jsonl with a list for a type": _event(at=1.0, type=[], by="agent"),
    "events.jsonl by a number": _event(at=1.0, type="mark", by=5, name="m"),
    "events.jsonl at NaN": _event(at=float("nan"), type="mark", by="agent", name="m"),
    "events.jsonl at a huge number": _event(at=1e300, type="tool_call", by="agent"),
    "events.jsonl at a text": _event(at="1", type="mark", by="agent", name="m"),
    "events.jsonl with a step that is none": _event(
        at=0.0, type="step_started", by="user", step=-5
    ),
    "events.jsonl with a turn that is none": _event(
        at=0.0, type="turn_closed", by="agent", turn=7, reason="turn_ended"
    ),
    "events.jsonl nested deep": _filled("events.jsonl", b'{"a":' * 50_000 + b"\n"),
    "events.jsonl a list": _filled("events.jsonl", b"[1, 2]\n"),
    "events.jsonl a folder": _replaced("events.jsonl", Path.mkdir),
    "events.jsonl a pipe": _replaced("events.jsonl", os.mkfifo),
    "events.jsonl a link out": _moved("events.jsonl"),
    "recording.wav cut": _cut("recording.wav", 0.5),
    "recording.wav cut within a frame": _cut("recording.wav", 0.50001),
    "recording.wav cut within its header": _filled("recording.wav", b"RIFF\x24\0\0\0WAVEfm"),
    "recording.wav empty": _filled("recording.wav", b""),
    "recording.wav gone": _absent("recording.wav"),
    "recording.wav a text": _filled("recording.wav", b"not a sound\n"),
    "recording.wav with a longer header": _header(40, "<I", 0xFFFFFFF0),
    "recording.wav mono": _header(22, "<H", 1),
    "recording.wav without channels": _header(22, "<H", 0),
    "recording.wav at another rate": _header(24, "<I", 8000),
    "recording.wav at no rate": _header(24, "<I", 0),
    "recording.wav of 8 bits": _header(34, "<H", 8),
    "recording.wav no PCM": _header(20, "<H", 7),
    "recording.wav one bit other": _header(1000, "<B", 0x55),
    "recording.wav a folder": _replaced("recording.wav", Path.mkdir),
    "recording.wav a pipe": _replaced("recording.wav", os.mkfifo),
    "recording.wav a link out": _moved("recording.wav"),
    "transcript.txt changed": _filled("transcript.txt", b"agent: all is well\n"),
    "a segment gone": lambda call: min((call / "segments").glob("*.wav")).unlink(),
    "segments gone": _replaced("segments", lambda path: None),
    "segments a file": _replaced("segments", Path.touch),
}
