"""The generated parts of the README are what the code says, and drift is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from voicetest import registry
from voicetest.cli.app import app
from voicetest.errors import SetupError
from voicetest.report.readme import fill, table

ROOT = Path(__file__).parents[2]


def test_the_readme_of_the_repository_is_up_to_date(voicetest: Run) -> None:
    done = voicetest("schema", "--check", ROOT / "schemas", "--readme", ROOT / "README.md")
    assert (done.returncode, done.stderr) == (0, "")


def test_drift_is_found_and_mended(voicetest: Run, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    readme.write_text(text.replace("| `voicetest run [PATH...]` |", "| old |"), encoding="utf-8")
    words = ["schema", str(tmp_path / "schemas"), "--readme", str(readme)]
    assert voicetest(*words[:2]).returncode == 0
    stale = voicetest(*words, "--check")
    assert stale.returncode == 1
    assert f"{readme} is out of date" in stale.stderr
    assert voicetest(*words).returncode == 0
    assert voicetest(*words, "--check").returncode == 0
    assert readme.read_text(encoding="utf-8") == text


def test_every_command_option_and_adapter_is_in_it() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("options of <code>voicetest ") == len(app.registered_commands)
    assert "`-v, --verbose`" in text
    for name in registry.names(registry.ADAPTERS):
        assert f"| `{name}` |" in text
        assert f"settings of <code>{name}</code>" in text


def test_what_stands_outside_the_marks_is_not_touched() -> None:
    text = "a\n<!-- generated: x -->\nold\n<!-- end generated -->\nb\n"
    filled = fill(text, {"x": lambda: "new | \n"})
    assert filled == "a\n<!-- generated: x -->\n\nnew |\n\n<!-- end generated -->\nb\n"
    assert fill(filled, {"x": lambda: "new | \n"}) == filled


def test_a_mark_that_names_nothing_is_an_error(voicetest: Run, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="asks for 'y'"):
        fill("<!-- generated: y -->\n<!-- end generated -->", {"x": str})
    assert voicetest("schema", "--readme", tmp_path / "none.md").returncode == 3


def test_a_cell_is_one_line_and_its_bars_are_no_borders() -> None:
    assert table(["a"], [["x|y\nz"]]) == "| a |\n|---|\n| x\\|y z |\n"
