"""`voicetest clean` says what goes, and how much."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tests.suite.test_clean import _run as _old_run
from voicetest.cli.app import app
from voicetest.cli.options import parse_age


def test_what_is_removed_is_told_with_its_size(tmp_path: Path) -> None:
    folder, newest = _old_run(tmp_path, 20), _old_run(tmp_path, 15)
    words = ["clean", "--older", "14d", "--out", str(tmp_path)]
    dry = CliRunner().invoke(app, [*words, "--dry-run"])
    assert "1 run would be removed, 0.0 MB" in dry.output
    assert folder.exists()
    done = CliRunner().invoke(app, words)
    assert str(folder) in done.output.replace("\n", "")
    assert done.output.rstrip().endswith("1 run removed, 0.0 MB")
    assert not folder.exists()
    assert newest.exists()
    shutil.rmtree(tmp_path)
    assert CliRunner().invoke(app, words).exit_code != 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("14d", 1_209_600), ("1.5d", 129_600), ("12h", 43_200), ("0d", 0), ("0s", 0), ("0", 0)],
)
def test_an_age_is_in_days_or_less(text: str, seconds: float) -> None:
    assert parse_age(text, "--older") == seconds


@pytest.mark.parametrize("text", ["", "d", "14", "fourteen", "-1d", "1.5.2d"])
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        parse_age(text, "--older")
