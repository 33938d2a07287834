"""Scenarios that extend one another: what is merged, and where mistakes are reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicetest.errors import ScenarioError
from voicetest.scenario.inherit import MOST_FILES, load_inherited
from voicetest.scenario.load import load_scenario
from voicetest.scenario.nodes import as_json

BASE = """\
version: 1
tags: [a, b]
vars:
  who: Ada
  hello: Hello ${who}
agent:
  adapter: composable
  stt: pocketsphinx
script:
  - agent: {says: one}
"""


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _problems(path: Path) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, environment={})
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


def test_mappings_are_merged_and_lists_replaced(tmp_path: Path) -> None:
    child = "extends: base.yaml\ntags: [c]\nvars: {who: Bob}\nagent: {tts: espeak/en-us}\n"
    _write(tmp_path, base=BASE, child=child)
    file = load_scenario(tmp_path / "child.yaml", environment={})
    assert file.scenario.tags == ("c",)
    assert file.variables == {"who": "Bob", "hello": "Hello Bob"}
    assert as_json(file.scenario.agent.settings) == {
        "stt": "pocketsphinx",
        "tts": "espeak/en-us",
    }
    assert len(file.scenario.script) == 1


def test_the_nearest_of_several_files_wins(tmp_path: Path) -> None:
    _write(
        tmp_path,
        base=BASE,
        middle="extends: base.yaml\nseed: 2\nname: Middle\n",
        child="extends: middle.yaml\nname: Child\n",
    )
    scenario = load_scenario(tmp_path / "child.yaml").scenario
    assert (scenario.name, scenario.seed) == ("Child", 2)


def test_a_mistake_is_reported_in_the_file_where_it_stands(tmp_path: Path) -> None:
    _write(tmp_path, base=BASE + "transcriba: x\n", child="extends: base.yaml\nseed: x\n")
    first, second = _problems(tmp_path / "child.yaml")
    assert first.startswith("base.yaml:11:1: unknown key 'transcriba'")
    assert second.startswith("child.yaml:2:7: expected a whole number")


def test_an_unknown_variable_is_reported_in_the_file_where_it_stands(tmp_path: Path) -> None:
    _write(tmp_path, base=BASE + "description: ${nobody}\n", child="extends: base.yaml\n")
    (found,) = _problems(tmp_path / "child.yaml")
    assert found.startswith("base.yaml:11:14: unknown variable 'nobody'")


def test_a_step_knows_the_file_it_comes_from(tmp_path: Path) -> None:
    _write(tmp_path, base=BASE, child="extends: base.yaml\n\n\nname: x\n")
    file = load_scenario(tmp_path / "child.yaml")
    assert file.where("script", 0) == f"{tmp_path}/base.yaml:10"
    assert file.line("script", 0) == 10
    assert file.where("name") == f"{tmp_path}/child.yaml:4"


def test_paths_are_relative_to_the_file_they_stand_in(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "cough.wav").write_bytes(b"")
    _write(tmp_path / "lib", base=BASE.replace("agent: {says: one}", "play: cough.wav"))
    _write(tmp_path, child="extends: lib/base.yaml\n")
    assert load_scenario(tmp_path / "child.yaml").scenario.script
    _write(tmp_path, child="extends: lib/base.yaml\nscript:\n  - play: cough.wav\n")
    (found,) = _problems(tmp_path / "child.yaml")
    assert found.startswith("child.yaml:3:11: there is no file 'cough.wav'")


@pytest.mark.parametrize(
    ("written", "phrase"),
    [
        ("none.yaml", "there is no file 'none.yaml'"),
        ("child.yaml", "in a circle: child.yaml → child.yaml"),
        ("[base.yaml]", "expected a file, found a list"),
        ("''", "expected a file, found nothing"),
        ("${x}.yaml", "cannot depend on a variable"),
    ],
)
def test_what_leads_nowhere_is_an_error_at_its_line(
    tmp_path: Path, written: str, phrase: str
) -> None:
    _write(tmp_path, child=f"name: x\nextends: {written}\n")
    (found,) = _problems(tmp_path / "child.yaml")
    assert found.startswith("child.yaml:2:10: ")
    assert phrase in found


def test_a_circle_is_an_error_at_the_line_that_closes_it(tmp_path: Path) -> None:
    _write(tmp_path, a="extends: b.yaml\n", b="name: b\nextends: a.yaml\n")
    (found,) = _problems(tmp_path / "a.yaml")
    assert found.endswith(
        "b.yaml:2:10: these files extend one another in a circle: a.yaml → b.yaml → a.yaml"
    )


def test_a_chain_has_an_end(tmp_path: Path) -> None:
    for number in range(MOST_FILES + 1):
        _write(tmp_path, **{f"f{number}": f"extends: f{number + 1}.yaml\n"})
    with pytest.raises(ScenarioError, match=f"more than {MOST_FILES} files"):
        load_inherited(tmp_path / "f0.yaml")


def test_a_file_that_extends_nothing_is_as_it_was(tmp_path: Path) -> None:
    _write(tmp_path, base=BASE)
    document = load_inherited(tmp_path / "base.yaml")
    assert document.extends == ()
    assert document.place(7) == (document, 7)
