"""What `voicetest init` writes works as it is, for every adapter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import Field

from tests.calls import Quiet, Scripted
from voicetest import registry
from voicetest.adapters.base import Adapter
from voicetest.adapters.describe import own_settings
from voicetest.errors import SetupError
from voicetest.executor.plan import plan
from voicetest.report.schemas import schema_texts
from voicetest.run import run
from voicetest.scenario.values import Text
from voicetest.speech.providers import Speech
from voicetest.suite.starter import scenario_text, start

ADAPTERS = sorted(entry.name for entry in entry_points(group=registry.ADAPTERS))


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_the_scenario_for_an_adapter_is_valid_and_passes_offline(
    adapter: str, tmp_path: Path, speech: Speech
) -> None:
    started = start(adapter, tmp_path)
    scenario = started.written[0]
    Draft202012Validator(json.loads(schema_texts()["scenario.schema.json"])).validate(
        yaml.safe_load(scenario.read_text(encoding="utf-8"))
    )
    planned = plan(scenario, {}, speech, offline=True)
    if planned.world.real_time:
        pytest.skip("its simulator runs on the real clock")
    folder = tmp_path / "call"
    (folder / "segments").mkdir(parents=True)
    result = run(planned, folder, Quiet())
    assert result.status == "passed", result.reason


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_every_setting_of_the_adapter_is_explained(adapter: str, tmp_path: Path) -> None:
    kind: type[Adapter] = registry.load(registry.ADAPTERS, adapter)
    text = start(adapter, tmp_path).written[0].read_text(encoding="utf-8")
    lines = [line.strip().removeprefix("# ") for line in text.splitlines()]
    for setting in own_settings(kind):
        assert setting.description
        assert any(line.startswith(f"{setting.name}: ") for line in lines), setting.name
    assert "response_timeout: 60s" in lines


def test_any_text_can_be_an_example_or_a_default(tmp_path: Path) -> None:
    class Odd(Scripted):
        behaviour: Any = None
        example: ClassVar[Mapping[str, str]] = {"prompt": "Say: yes, # and 'no'."}
        prompt: Text = Field(default="", description="What it is told.")
        sign: Text = Field(default="on: {off}", description="A sign.")

    text = scenario_text("odd", Odd)
    assert yaml.safe_load(text)["agent"]["prompt"] == "Say: yes, # and 'no'."
    uncommented = text.replace("# sign:", "sign:")
    assert yaml.safe_load(uncommented)["agent"]["sign"] == "on: {off}"


def test_the_first_line_names_the_schema_that_lies_there(tmp_path: Path) -> None:
    started = start("composable", tmp_path)
    for path in (started.written[0], tmp_path / "scenarios" / "agents" / "example.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        named = first.partition("$schema=")[2]
        assert (path.parent / named).is_file()


def test_a_scenario_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    scenario = tmp_path / "scenarios" / "composable.yaml"
    scenario.parent.mkdir()
    scenario.write_text("mine")
    with pytest.raises(SetupError, match="nothing is overwritten"):
        start("composable", tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [scenario]
    assert scenario.read_text() == "mine"


def test_everything_else_that_is_there_is_kept(tmp_path: Path) -> None:
    job = tmp_path / ".github" / "workflows" / "voicetest.yml"
    job.parent.mkdir(parents=True)
    job.write_text("mine")
    assert start("composable", tmp_path).kept == (job,)
    assert job.read_text() == "mine"
    second = start("vapi", tmp_path)
    assert second.written == (tmp_path / "scenarios" / "vapi.yaml",)


def test_the_job_is_a_workflow_that_knows_the_keys(tmp_path: Path) -> None:
    start("vapi", tmp_path)
    text = (tmp_path / ".github" / "workflows" / "voicetest.yml").read_text(encoding="utf-8")
    (job,) = yaml.safe_load(text)["jobs"].values()
    assert any("--junit" in step.get("run", "") for step in job["steps"])
    assert '#   VAPI_API_KEY: "${{ secrets.VAPI_API_KEY }}"' in text
    uncommented = yaml.safe_load(text.replace("# env:", "env:").replace("#   VAPI", "  VAPI"))
    steps = uncommented["jobs"]["voicetest"]["steps"]
    assert {"VAPI_API_KEY": "${{ secrets.VAPI_API_KEY }}"} in [step.get("env") for step in steps]


def test_an_unknown_adapter_and_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="did you mean 'composable'"):
        start("composible", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="cannot write below"):
        start("vapi", tmp_path / "file")


def test_an_adapter_that_is_not_installed_has_a_scenario_that_says_what_to_install(
    tmp_path: Path,
) -> None:
    started = start("gone", tmp_path)
    assert "pip install 'rehearsed[gone]'" in started.lacking
    text = started.written[0].read_text(encoding="utf-8")
    assert "pip install 'rehearsed[gone]'" in text
    scenario = yaml.safe_load(text)
    assert scenario["agent"] == {"adapter": "gone", "simulator": "agents/example.yaml"}
    assert scenario["script"]
    assert start("composable", tmp_path).lacking == ""
