"""What is wrong with a file, as tests compare it."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicetest.errors import ScenarioError
from voicetest.scenario.load import load_scenario

HEAD = "version: 1\nagent: {adapter: composable}\nscript:\n"
WHOLE = "version: 1\nagent: {adapter: composable}\nscript: [agent]\n"


def problems(path: Path, **environment: str) -> list[str]:
    """Every problem of a scenario file as `line:column: message`."""
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, environment=environment)
    assert all(problem.file == str(path) for problem in caught.value.problems)
    return [f"{p.line}:{p.column}: {p.message}" for p in caught.value.problems]
