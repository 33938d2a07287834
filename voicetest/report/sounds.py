"""Settles the sound files of a call that is over: what stays, under which names."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from voicetest.audio.chunk import INTERNAL
from voicetest.audio.flac import NoFlac, write_flac
from voicetest.audio.wav import WavWriter, extent, read_blocks
from voicetest.call.record import CallRecord
from voicetest.call.recorder import AGENT
from voicetest.call.timeline import LineSpoken
from voicetest.checks.result import CallWarning, Turn
from voicetest.report.keeping import FileKind, Keeping

__all__ = ["Sounds", "settle_sounds", "unsettled_sounds"]


@dataclass(frozen=True)
class Sounds:
    """What has become of them."""

    recording: str | None
    """Its name in the folder of the call; None where it was not kept."""
    turns: tuple[Turn, ...]
    """With the file that each is to be heard in, and checksums of the user's lines."""
    warnings: tuple[CallWarning, ...] = ()


def settle_sounds(
    folder: Path, record: CallRecord, turns: Sequence[Turn], keeping: Keeping, *, kept: bool
) -> Sounds:
    """Write, convert and remove files until what is there is what is wanted."""
    lines = _clean_lines(folder, record, turns)
    summed = [
        turn.model_copy(update={"sound": _checksum(lines[turn.index])})
        if turn.index in lines
        else turn
        for turn in turns
    ]
    segments = kept and keeping.segments
    if segments:
        _write_segments(folder, record.recording, summed, lines)
    else:
        shutil.rmtree(folder / "segments", ignore_errors=True)
    if not kept:
        record.recording.unlink(missing_ok=True)
        return Sounds(None, tuple(_heard_in(turn, None) for turn in summed))
    recording, warnings = _recording(record.recording, keeping.kind)
    if not segments:
        summed = [_heard_in(turn, recording) for turn in summed]
    return Sounds(recording, tuple(summed), warnings)


def unsettled_sounds(folder: Path, record: CallRecord, turns: Sequence[Turn]) -> Sounds:
    """What is left where they could not be settled: the recording, if there is one."""
    shutil.rmtree(folder / "segments", ignore_errors=True)
    recording = record.recording.name if record.recording.exists() else None
    return Sounds(recording, tuple(_heard_in(turn, recording) for turn in turns))


def _heard_in(turn: Turn, recording: str | None) -> Turn:
    return turn if turn.file is None else turn.model_copy(update={"file": recording})


def _clean_lines(folder: Path, record: CallRecord, turns: Sequence[Turn]) -> Mapping[int, Path]:
    """The files of the user's lines without effects, by turn."""
    spoken = [entry.what for entry in record.entries if isinstance(entry.what, LineSpoken)]
    spoken.sort(key=lambda line: line.speech_start_s)
    users = [turn for turn in turns if turn.by == "user"]
    if not turns:  # nothing was found out about the call
        return {}
    return {
        turn.index: folder / "segments" / line.clean
        for turn, line in zip(users, spoken, strict=True)
        if turn.file is not None
    }


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _write_segments(
    folder: Path, recording: Path, turns: Sequence[Turn], lines: Mapping[int, Path]
) -> None:
    """User segments are the clean lines; agent segments are cut from what was heard."""
    for turn in turns:
        if turn.index in lines:
            lines[turn.index].rename(folder / str(turn.file))
        elif turn.file is not None:
            _cut(recording, folder / turn.file, turn.start_s, turn.end_s)
    for unspoken in _unspoken(folder):
        unspoken.unlink()


def _unspoken(folder: Path) -> Iterator[Path]:
    return (folder / "segments").glob(".step-*.wav")


def _cut(recording: Path, target: Path, start_s: float, end_s: float) -> None:
    start, end = round(start_s * INTERNAL.rate), round(end_s * INTERNAL.rate)
    with WavWriter(target, channels=1) as writer:
        for block in read_blocks(recording, start=start, end=end):
            writer.write(block[:, AGENT])


def _recording(written: Path, kind: FileKind) -> tuple[str, tuple[CallWarning, ...]]:
    """The name under which a recording is kept; WAV stays where nothing else can be made."""
    frames, _, _ = extent(written)
    if kind is FileKind.WAV or frames == 0:
        return written.name, ()
    target = written.with_suffix(".flac")
    try:
        write_flac(written, target)
    except NoFlac as error:
        warning = CallWarning(message=f"the recording is kept as WAV: {error}")
        return written.name, (warning,)
    written.unlink()
    return target.name, ()
