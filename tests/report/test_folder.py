"""Names of run and call folders: safe on every file system, never used twice."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicetest.errors import SetupError
from voicetest.report.folder import (
    call_folder,
    call_name,
    new_run_folder,
    point_latest,
    write_atomically,
)

NOW = datetime(2025, 11, 21, 6, 5, 4, tzinfo=UTC)
RESERVED = ("con", "prn", "aux", "nul", "com1", "lpt9")
"""Names that Windows keeps for devices, with any ending."""


def _named(run: Path, *files: str) -> list[str]:
    taken: set[str] = set()
    return [call_folder(run, call_name(Path(file), None, taken)).name for file in files]


# --- runs


def test_a_run_folder_is_named_after_its_time_and_made_with_its_parents(tmp_path: Path) -> None:
    folder = new_run_folder(tmp_path / "deep" / "runs", NOW)
    assert re.fullmatch(r"2025-11-21T06-05-04Z-[0-9a-f]{6}", folder.name)
    assert folder.is_dir()
    assert folder.parent == tmp_path / "deep" / "runs"


def test_two_runs_of_one_second_have_folders_of_their_own(tmp_path: Path) -> None:
    folders = {new_run_folder(tmp_path, NOW) for _ in range(5)}
    assert len(folders) == 5


def test_a_run_folder_that_cannot_be_made_is_a_setup_error(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(SetupError, match="choose another with --out"):
        new_run_folder(tmp_path / "runs", NOW)


# --- calls


def test_a_call_folder_is_named_after_its_file_and_has_room_for_segments(tmp_path: Path) -> None:
    folder = call_folder(tmp_path, call_name(Path("scenarios/double-charge_2.yaml"), None, set()))
    assert folder == tmp_path / "double-charge_2"
    assert (folder / "segments").is_dir()


def test_two_files_of_one_stem_are_told_apart_by_their_parents(tmp_path: Path) -> None:
    files = ("a/billing.yaml", "b/billing.yaml", "c/billing.yml", "b/refund.yaml")
    assert _named(tmp_path, *files) == ["billing", "b-billing", "c-billing", "refund"]


def test_files_of_one_stem_and_one_parent_are_numbered(tmp_path: Path) -> None:
    files = ("x/a/t.yaml", "y/a/t.yaml", "z/a/t.yaml", "z/a/t.yml")
    assert _named(tmp_path, *files) == ["t", "a-t", "a-t-2", "a-t-3"]


def test_a_call_folder_is_never_used_again(tmp_path: Path) -> None:
    kept = call_folder(tmp_path, "billing")
    (kept / "manifest.json").write_text("kept")
    with pytest.raises(FileExistsError):
        call_folder(tmp_path, "billing")
    assert (kept / "manifest.json").read_text() == "kept"


def test_a_long_name_is_cut_and_told_apart_by_a_short_hash(tmp_path: Path) -> None:
    one, other = _named(tmp_path, "a" * 200 + "1.yaml", "a" * 200 + "2.yaml")
    assert re.fullmatch(r"a{60}-[0-9a-f]{6}", one)
    assert re.fullmatch(r"a{60}-[0-9a-f]{6}", other)
    assert one != other


def test_a_name_of_sixty_characters_stands_as_it_is(tmp_path: Path) -> None:
    assert _named(tmp_path, "b" * 60 + ".yaml") == ["b" * 60]


@pytest.mark.parametrize(
    ("stem", "readable"),
    [("refund: 20 % off?", "refund-20-off"), ("日本", "scenario"), ("größe", "gr-e"), ("..", "")],
)
def test_unsafe_characters_are_replaced_and_told_apart_by_a_short_hash(
    tmp_path: Path, stem: str, readable: str
) -> None:
    (name,) = _named(tmp_path, f"{stem}.yaml")
    assert name.startswith(readable)
    assert re.fullmatch(r"[A-Za-z0-9._-]+-[0-9a-f]{6}", name)


def test_names_that_look_alike_once_cleaned_stay_apart(tmp_path: Path) -> None:
    names = _named(tmp_path, "a b.yaml", "a?b.yaml", "a-b.yaml", "日本.yaml", "中国.yaml")
    assert len(set(names)) == 5


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1))
def test_any_file_name_gives_a_folder_inside_the_run(
    tmp_path_factory: pytest.TempPathFactory, stem: str
) -> None:
    run = tmp_path_factory.mktemp("run")
    folder = call_folder(run, call_name(Path(f"{stem}.yaml"), None, set()))
    assert folder.resolve().parent == run.resolve()
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", folder.name.lstrip("_"))
    assert not folder.name.endswith(".")


@pytest.mark.parametrize("stem", [*RESERVED, "AUX", "con.de"])
def test_a_device_name_of_windows_is_no_folder_name(tmp_path: Path, stem: str) -> None:
    (name,) = _named(tmp_path, f"{stem}.yaml")
    assert name.partition(".")[0].lower() not in RESERVED


def test_names_that_differ_in_case_alone_are_told_apart(tmp_path: Path) -> None:
    names = _named(tmp_path, "a/Billing.yaml", "b/billing.yaml")
    assert len({name.lower() for name in names}) == 2


def test_a_case_a_repeat_and_an_attempt_stand_behind_the_stem(tmp_path: Path) -> None:
    name = call_name(Path("greeting.yaml"), "city=Rome, tone=kind", set())
    folder = call_folder(tmp_path, name, repeat=3, attempt=2)
    assert folder.name == "greeting--city=Rome,tone=kind--r03--try2"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_case_name_gives_a_folder_inside_the_run(
    tmp_path_factory: pytest.TempPathFactory, case: str
) -> None:
    run = tmp_path_factory.mktemp("run")
    folder = call_folder(run, call_name(Path("a.yaml"), case, set()))
    assert folder.resolve().parent == run.resolve()
    assert re.fullmatch(r"a--[A-Za-z0-9._,=-]{1,80}", folder.name)


# --- latest


def test_latest_is_a_link_to_the_newest_run(tmp_path: Path) -> None:
    for _ in range(2):
        newest = new_run_folder(tmp_path, NOW)
        point_latest(newest)
    latest = tmp_path / "latest"
    assert latest.is_symlink()
    assert latest.resolve() == newest.resolve()
    assert not latest.readlink().is_absolute()
    assert len(list(tmp_path.iterdir())) == 3


def test_latest_is_a_text_file_where_links_are_not_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, target: str, target_is_directory: bool = False) -> None:
        raise OSError("links are not allowed here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    for _ in range(2):
        newest = new_run_folder(tmp_path, NOW)
        point_latest(newest)
    assert (tmp_path / "latest").read_text() == newest.name + "\n"
    assert len(list(tmp_path.iterdir())) == 3


def test_a_folder_called_latest_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "mine.txt").write_text("mine")
    point_latest(new_run_folder(tmp_path, NOW))
    assert (tmp_path / "latest" / "mine.txt").read_text() == "mine"


def test_pointing_at_the_latest_run_leaves_nothing_else_behind(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    run = new_run_folder(tmp_path, NOW)
    point_latest(run)
    assert {path.name for path in tmp_path.iterdir()} == {"latest", run.name}


# --- files


def test_a_file_is_written_whole_and_in_place_of_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write_atomically(path, "old")
    write_atomically(path, "größer\n")
    assert path.read_bytes() == "größer\n".encode()
    assert [found.name for found in tmp_path.iterdir()] == ["run.json"]


def test_a_file_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.json"
    write_atomically(path, "old")

    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, "a longer text")
    assert path.read_bytes() == b"old"
