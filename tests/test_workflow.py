"""The workflow of the repository runs what it names, on every Python that we say we run on."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]


def _job() -> Any:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["jobs"]["check"]


def test_every_python_from_the_oldest_on_is_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pythons = _job()["strategy"]["matrix"]["python"]
    assert project["requires-python"] == f">={pythons[0]}"
    assert pythons == ["3.11", "3.12", "3.13"]


def test_it_checks_and_runs_the_scenarios_with_targets_and_options_that_there_are() -> None:
    commands = [step["run"] for step in _job()["steps"] if "run" in step]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert any(command.startswith("make check") for command in commands)
    assert re.search(r"^check:", makefile, re.MULTILINE)
    (run,) = [command for command in commands if "voicetest run" in command]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for option in re.findall(r"--[a-z-]+", run):
        assert f"`{option}" in readme
