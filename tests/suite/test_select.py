"""From the paths of a command line to scenario files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from voicetest.errors import ScenarioError
from voicetest.suite.select import select_files

SCENARIO = "version: 1\nagent: {adapter: composable}\nscript: [agent]\n"
DIALOGUE = "greeting: Hello.\nrules:\n  - when: version\n    say: 'script: agent:'\n"


def _write(path: Path, text: str = SCENARIO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _found(folder: Path, *paths: Path) -> list[str]:
    return [file.relative_to(folder).as_posix() for file in select_files(paths)]


def test_a_folder_gives_the_scenarios_in_it_sorted(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "deep/er/c.yaml", "notes.txt", "d.json", "e.yaml.bak"):
        _write(tmp_path / name)
    assert _found(tmp_path, tmp_path) == ["a.yml", "b.yaml", "deep/er/c.yaml"]


def test_dialogues_and_other_yaml_in_a_folder_are_passed_over(tmp_path: Path) -> None:
    _write(tmp_path / "billing.yaml")
    _write(tmp_path / "agents/billing.yaml", DIALOGUE)
    _write(tmp_path / "empty.yaml", "")
    _write(tmp_path / "other.yaml", "services:\n  version: 1\n  script: x\n  agent: y\n")
    _write(tmp_path / "versions.yaml", "versions: 1\n")
    assert _found(tmp_path, tmp_path) == ["billing.yaml"]


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\n",
        "agent:\n  adapter: x\n",
        "# about\n\nname: x\nscript:\n  - agent\n",
        "name: x\r\nversion : 1\r\n",
        "version:\n",
    ],
)
def test_one_key_of_a_scenario_is_enough_so_that_its_mistakes_are_found(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "half.yaml").write_bytes(text.encode())
    assert _found(tmp_path, tmp_path) == ["half.yaml"]


@pytest.mark.parametrize(
    "text",
    [
        '"version": 1\n"agent": {adapter: x}\n"script": [agent]\n',
        "{version: 1, agent: {adapter: x}, script: [agent]}\n",
    ],
)
def test_a_scenario_in_a_folder_is_found_however_its_yaml_is_written(
    tmp_path: Path, text: str
) -> None:
    _write(tmp_path / "half.yaml", text)
    assert _found(tmp_path, tmp_path) == ["half.yaml"]


def test_a_file_that_is_named_is_taken_whatever_is_in_it(tmp_path: Path) -> None:
    dialogue = _write(tmp_path / "agent.txt", DIALOGUE)
    assert select_files([dialogue]) == [dialogue]


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    for name in (".hidden.yaml", ".git/a.yaml", "deep/.cache/b.yaml", "seen.yaml"):
        _write(tmp_path / name)
    assert _found(tmp_path, tmp_path) == ["seen.yaml"]


def test_a_hidden_folder_that_is_named_is_searched(tmp_path: Path) -> None:
    _write(tmp_path / ".mine/a.yaml")
    assert _found(tmp_path, tmp_path / ".mine") == [".mine/a.yaml"]


def test_paths_keep_their_order_and_each_file_comes_once(tmp_path: Path) -> None:
    one, other = _write(tmp_path / "z.yaml"), _write(tmp_path / "a/b.yaml")
    again = tmp_path / "a" / ".." / "z.yaml"
    assert select_files([one, tmp_path, other, again]) == [one, other]


def test_a_folder_without_scenarios_gives_none(tmp_path: Path) -> None:
    assert select_files([tmp_path]) == []


def test_the_line_of_a_key_may_stand_far_down(tmp_path: Path) -> None:
    _write(tmp_path / "long.yaml", "# " + "x" * 100_000 + "\nversion: 1\n")
    assert _found(tmp_path, tmp_path) == ["long.yaml"]


def test_a_file_in_a_folder_that_cannot_be_read_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere.yaml")
    with pytest.raises(ScenarioError, match="cannot be read: No such file"):
        select_files([tmp_path])


def test_a_file_in_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere.yaml")
    with pytest.raises(ScenarioError, match=r"gone\.yaml"):
        select_files([tmp_path])


def test_a_folder_that_is_named_like_a_scenario_is_searched(tmp_path: Path) -> None:
    _write(tmp_path / "old.yaml/a.yaml")
    assert _found(tmp_path, tmp_path) == ["old.yaml/a.yaml"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    with pytest.raises(ScenarioError, match="closed: cannot be read: Permission denied"):
        select_files([tmp_path])


def test_a_file_that_others_extend_is_a_scenario_only_with_a_script(tmp_path: Path) -> None:
    _write(tmp_path / "base.yaml", "version: 1\nagent: x\n")
    _write(tmp_path / "whole.yaml", "version: 1\nscript: [agent]\n")
    _write(tmp_path / "lonely.yaml", "version: 1\n")
    _write(tmp_path / "sub/a.yaml", "extends: ../base.yaml # shared\n")
    _write(tmp_path / "sub/b.yaml", "extends: '../whole.yaml'\n")
    found = ["lonely.yaml", "sub/a.yaml", "sub/b.yaml", "whole.yaml"]
    assert _found(tmp_path, tmp_path) == found
    assert _found(tmp_path, tmp_path / "base.yaml") == ["base.yaml"]
