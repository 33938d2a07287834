"""What the README shows is what happens."""

from __future__ import annotations

from pathlib import Path

from tests.calls import Quiet
from voicetest.executor.plan import plan
from voicetest.run import run
from voicetest.speech.providers import Speech

ROOT = Path(__file__).parents[1]


def test_the_scenario_in_the_readme_passes(tmp_path: Path, speech: Speech) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("```yaml\n")[2].partition("```")[0]
    file = tmp_path / "readme.yaml"
    file.write_text(shown.replace("agents/", f"{ROOT}/scenarios/agents/"))
    folder = tmp_path / "call"
    (folder / "segments").mkdir(parents=True)
    result = run(plan(file, {}, speech), folder, Quiet())
    assert result.status == "passed", result.checks


def test_every_exit_code_is_explained_in_the_readme() -> None:
    from voicetest.errors import ExitCode

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [code for code in ExitCode if f"\n| {int(code)} |" not in readme] == []
