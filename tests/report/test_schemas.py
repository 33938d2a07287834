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
NAMES = ["scenario.schema.json", "manifest.schema.json", "agent.schema.json"]


def _schema(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_all_schemas_are_written_and_valid(tmp_path: Path) -> None:
    paths = write_schemas(tmp_path / "new" / "schemas")
    assert [path.name for path in paths] == NAMES
    for path in paths:
        schema = _schema(path.parent, path.name)
        Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_schemas_that_were_just_written_are_not_stale(tmp_path: Path) -> None:
    write_schemas(tmp_path)
    assert stale_schemas(tmp_path) == []


def test_a_changed_and_a_missing_schema_are_stale(tmp_path: Path) -> None:
    write_schemas(tmp_path)
    (tmp_path / NAMES[0]).write_text("{}")
    (tmp_path / NAMES[2]).unlink()
    assert stale_schemas(tmp_path) == [tmp_path / NAMES[0], tmp_path / NAMES[2]]
    write_schemas(tmp_path)
    assert stale_schemas(tmp_path) == []


def test_a_folder_without_schemas_is_stale_altogether(tmp_path: Path) -> None:
    assert stale_schemas(tmp_path / "nowhere") == [tmp_path / "nowhere" / name for name in NAMES]


def test_a_folder_that_cannot_be_written_is_a_setup_error(tmp_path: Path) -> None:
    (tmp_path / "schemas").write_text("a file")
    with pytest.raises(SetupError, match="cannot write to"):
        write_schemas(tmp_path / "schemas")


def test_schemas_do_not_change_from_one_time_to_the_next(tmp_path: Path) -> None:
    for folder in ("one", "other"):
        write_schemas(tmp_path / folder)
    for name in NAMES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda p: p.name)
def test_the_scenarios_of_the_repository_keep_to_the_schema(tmp_path: Path, path: Path) -> None:
    write_schemas(tmp_path)
    scenario = yaml.safe_load(path.read_text(encoding="utf-8"))
    validator = Draft202012Validator(_schema(tmp_path, "scenario.schema.json"))
    assert [error.message for error in validator.iter_errors(scenario)] == []
    scenario["caller"] = {"voice": "espeak/en-us"}
    assert len(list(validator.iter_errors(scenario))) == 1


def test_the_dialogues_of_the_repository_keep_to_the_schema(tmp_path: Path) -> None:
    write_schemas(tmp_path)
    validator = Draft202012Validator(_schema(tmp_path, "agent.schema.json"))
    paths = sorted((ROOT / "scenarios" / "agents").glob("*.yaml"))
    assert paths
    for path in paths:
        dialogue = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert [error.message for error in validator.iter_errors(dialogue)] == []
