"""What is left of the sound of a call is what was asked for, and the manifest says so."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from tests.calls import Far, say, words
from tests.conftest import Speak
from tests.report.written import Unreachable, Written, samples_of, user_is_done, write
from voicetest.audio.recording import read_span
from voicetest.report.keeping import FileKind, Keep, Keeping
from voicetest.speech.providers import Speech

SCENARIO = (
    "version: 1\nagent: {adapter: scripted}\nscript:\n  - agent\n  - user: Yes please.\n"
    "  - user: Are you there?\n"
)
FLAC = Keeping(kind=FileKind.FLAC)


def _written(
    folder: Path, speech: Speech, speak: Speak, keeping: Keeping, more: str = ""
) -> Written:
    folder.mkdir()
    sound = speak("Hello and welcome to billing", "en-us")

    async def greet(line: Far) -> None:
        await say(line, "Hello and welcome to billing", words(0.5, sound))
        await user_is_done(line)
        await line.hang_up()

    return write(folder, speech, SCENARIO + more, greet, keeping=keeping)


def _files(call: Written) -> list[str]:
    found = (path.relative_to(call.folder).as_posix() for path in call.folder.rglob("*"))
    return sorted(name for name in found if not name.endswith((".json", ".jsonl", ".txt")))


def test_each_turn_is_a_span_of_the_recording(tmp_path: Path, speech: Speech, speak: Speak) -> None:
    call = _written(tmp_path / "a", speech, speak, Keeping())
    assert _files(call) == ["recording.wav"]
    turns = call.manifest["turns"]
    assert [turn["file"] for turn in turns] == ["recording.wav"] * len(turns)
    assert all(turn["audible"] for turn in turns)
    assert call.manifest["recording"] == "recording.wav"
    both = samples_of(call.folder / "recording.wav")
    for turn in turns:
        channel = both[:, 0 if turn["by"] == "user" else 1].astype(float)
        span = channel[round(turn["start_s"] * 24_000) : round(turn["end_s"] * 24_000)]
        assert np.sqrt(np.mean(span**2)) > 500


def test_flac_holds_every_sample_and_the_manifest_describes_it(
    tmp_path: Path, speech: Speech, speak: Speak
) -> None:
    wav = _written(tmp_path / "a", speech, speak, Keeping())
    flac = _written(tmp_path / "b", speech, speak, FLAC)
    assert _files(flac) == ["recording.flac"]
    both = samples_of(wav.folder / "recording.wav")
    assert np.array_equal(read_span(flac.folder / "recording.flac", 0, len(both) + 1), both)
    (described,) = (f for f in flac.manifest["files"] if f["path"] == "recording.flac")
    content = (flac.folder / "recording.flac").read_bytes()
    assert described["sha256"] == sha256(content).hexdigest()
    assert (described["bytes"], described["channels"]) == (len(content), 2)
    assert described["duration_s"] == len(both) / 24_000
    assert len(content) < wav.folder.joinpath("recording.wav").stat().st_size / 2
    assert {turn["file"] for turn in flac.manifest["turns"]} == {"recording.flac"}


def test_what_passed_or_failed_decides_which_recordings_stay(
    tmp_path: Path, speech: Speech, speak: Speak
) -> None:
    failed = Keeping(keep=Keep.FAILED)
    kept = _written(tmp_path / "a", speech, speak, failed, "checks: {turns: {min: 99}}\n")
    assert (kept.manifest["status"], _files(kept)) == ("failed", ["recording.wav"])
    none = _written(tmp_path / "b", speech, speak, Keeping(keep=Keep.NONE, segments=True))
    assert _files(none) == []
    assert none.manifest["recording"] is None
    turns = none.manifest["turns"]
    assert [(turn["file"], turn["audible"]) for turn in turns] == [(None, True)] * len(turns)
    assert not any(file["path"].startswith("recording") for file in none.manifest["files"])
    assert (
        none.manifest["metrics"]
        == _written(tmp_path / "c", speech, speak, Keeping()).manifest["metrics"]
    )


@pytest.mark.parametrize(
    ("status", "xfail", "keep", "stays"),
    [
        ("passed", None, Keep.FAILED, False),
        ("passed", "known", Keep.FAILED, True),
        ("failed", None, Keep.FAILED, True),
        ("error", None, Keep.FAILED, True),
        ("inconclusive", None, Keep.FAILED, True),
        ("error", None, Keep.NONE, False),
        ("passed", None, Keep.ALL, True),
    ],
)
def test_only_what_went_as_it_should_is_thrown_away(
    billing: Written, status: str, xfail: str | None, keep: Keep, stays: bool
) -> None:
    scenario = billing.file.scenario.model_copy(update={"xfail": xfail})
    assert Keeping(keep=keep).keeps(status, scenario) is stays  # type: ignore[arg-type]


def test_the_users_lines_have_checksums_whatever_is_kept(
    tmp_path: Path, speech: Speech, speak: Speak
) -> None:
    none = _written(tmp_path / "a", speech, speak, Keeping(keep=Keep.NONE))
    files = _written(tmp_path / "b", speech, speak, Keeping(segments=True))
    listed = {file["path"]: file["sha256"] for file in files.manifest["files"]}
    for turn, other in zip(none.manifest["turns"], files.manifest["turns"], strict=True):
        wanted = listed[other["file"]] if turn["by"] == "user" else None
        assert (turn["sound"], other["sound"]) == (wanted, wanted)


def test_a_call_without_sound_keeps_its_recording_of_nothing(
    tmp_path: Path, speech: Speech
) -> None:
    call = write(tmp_path, speech, SCENARIO, Unreachable(), keeping=FLAC)
    assert call.manifest["recording"] == "recording.wav"
    assert _files(call) == ["recording.wav"]
