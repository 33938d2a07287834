"""The schemas in the repository are what the models say, and scenarios keep to them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from voicetest.errors import SetupError
from voicetest.report.schemas import stale_schemas, write_schemas

ROOT = Path(__file__).parents[2]
NAMES = [
    "scenario.schema.json",
    "manifest.schema.json",
    "agent.schema.json",
    "load.schema.json",
    "load-result.schema.json",
    "load-events.schema.json",
]


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all schemas, not to be changed."""
    folder = tmp_path_factory.mktemp("new") / "deep" / "schemas"
    assert [path.name for path in write_schemas(folder)] == NAMES
    return folder


def _schema(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_all_schemas_are_written_and_valid(schemas: Path) -> None:
    assert sorted(path.name for path in schemas.iterdir()) == sorted(NAMES)
    for name in NAMES:
        schema = _schema(schemas, name)
        Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_schemas_that_were_just_written_are_not_stale(schemas: Path) -> None:
    assert stale_schemas(schemas) == []


def test_a_changed_and_a_missing_schema_are_stale_until_they_are_written(
    schemas: Path, tmp_path: Path
) -> None:
    for name in NAMES[:2]:
        (tmp_path / name).write_bytes((schemas / name).read_bytes())
    (tmp_path / NAMES[0]).write_text("{}")
    assert stale_schemas(tmp_path) == [tmp_path / name for name in (NAMES[0], *NAMES[2:])]
    write_schemas(tmp_path)
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == (schemas / name).read_bytes()


def test_a_folder_without_schemas_is_stale_altogether(tmp_path: Path) -> None:
    assert stale_schemas(tmp_path / "nowhere") == [tmp_path / "nowhere" / name for name in NAMES]


def test_a_folder_that_cannot_be_written_is_a_setup_error(tmp_path: Path) -> None:
    (tmp_path / "schemas").write_text("a file")
    with pytest.raises(SetupError, match="cannot write to"):
        write_schemas(tmp_path / "schemas")


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda p: p.name)
def test_the_scenarios_of_the_repository_keep_to_the_schema(schemas: Path, path: Path) -> None:
    scenario = yaml.safe_load(path.read_text(encoding="utf-8"))
    validator = Draft202012Validator(_schema(schemas, "scenario.schema.json"))
    assert [error.message for error in validator.iter_errors(scenario)] == []
    scenario["caller"] = {"voice": "espeak/en-us"}
    assert len(list(validator.iter_errors(scenario))) == 1


def test_the_dialogues_of_the_repository_keep_to_the_schema(schemas: Path) -> None:
    validator = Draft202012Validator(_schema(schemas, "agent.schema.json"))
    paths = sorted((ROOT / "scenarios" / "agents").glob("*.yaml"))
    assert paths
    for path in paths:
        dialogue = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert [error.message for error in validator.iter_errors(dialogue)] == []
