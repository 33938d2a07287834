"""What the README shows is what happens."""

from __future__ import annotations

from pathlib import Path

from tests.calls import Quiet
from voicetest.agents.faults import Faults
from voicetest.agents.quirks import QUIRKS
from voicetest.cli.app import app
from voicetest.executor.plan import plan
from voicetest.protocols.map_sections import Receives, Sends
from voicetest.protocols.mapped import MessageMap
from voicetest.protocols.words import RECEIVED, SENT
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


def test_every_key_of_a_protocol_map_is_explained_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    keys = set(MessageMap.model_fields) - {"sends", "receives"}
    keys |= {f"sends.{name}" for name in Sends.model_fields}
    keys |= {f"receives.{name}" for name in Receives.model_fields}
    assert [key for key in sorted(keys) if f"`{key}`" not in readme] == []


def test_every_placeholder_of_a_protocol_map_is_explained_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    words = [*SENT.values(), *RECEIVED.values()]
    names = {"audio", "session"} | {name for word in words for name in word.placeholders}
    assert [name for name in sorted(names) if f"`<{name}>`" not in readme] == []


def test_every_fault_and_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in {*Faults.__dataclass_fields__, *QUIRKS} if name not in readme] == []
    commands = [command.name for command in app.registered_commands]
    functions = [
        c.callback.__name__.replace("_", "-") for c in app.registered_commands if c.callback
    ]
    named = [name or function for name, function in zip(commands, functions, strict=True)]
    assert [name for name in named if f"`voicetest {name}" not in readme] == []
