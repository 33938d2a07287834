"""Mutated files are read, or refused with a message: never with a crash, never for ever."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.scenario.mutants import KINDS, read_mutant, write_seeds

MUTANTS = 80
"""Of each kind; `python -m tests.scenario.mutants 20000` reads a hundred thousand of them."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no clock strikes here")
@pytest.mark.parametrize("kind", KINDS)
def test_a_mutated_file_is_read_or_refused(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_seeds(tmp_path)
    monkeypatch.chdir(tmp_path)
    outcomes = {read_mutant(KINDS[kind], number, tmp_path) for number in range(MUTANTS)}
    assert "told at its line" in outcomes
    assert "fine" in outcomes
