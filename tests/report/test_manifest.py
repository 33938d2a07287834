"""manifest.json keeps to its JSON Schema and to the order the documents give."""

from __future__ import annotations

import copy
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from tests.report.written import Unreachable, Written, write
from voicetest.audio.wav import WavWriter
from voicetest.report.manifest import Manifest, as_json, describe_file, manifest_schema
from voicetest.speech.providers import Speech

VALIDATOR = Draft202012Validator(manifest_schema())


def _mistakes(manifest: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(manifest)]


def test_the_schema_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(manifest_schema())
    assert manifest_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_a_manifest_is_valid(billing: Written) -> None:
    assert _mistakes(billing.manifest) == []


def test_the_manifest_of_a_refused_call_is_valid(tmp_path: Path, speech: Speech) -> None:
    scenario = "version: 1\nagent: {adapter: scripted}\nscript: [agent]\n"
    assert _mistakes(write(tmp_path, speech, scenario, Unreachable()).manifest) == []


def _without_metrics(manifest: Any) -> None:
    del manifest["metrics"]


def _with_more(manifest: Any) -> None:
    manifest["more"] = 1


def _with_another_status(manifest: Any) -> None:
    manifest["status"] = "fine"


def _with_a_text_for_a_time(manifest: Any) -> None:
    manifest["turns"][0]["start_s"] = "0.4 s"


def _with_an_unknown_unit(manifest: Any) -> None:
    manifest["metrics"]["overlap"]["unit"] = "ms"


@pytest.mark.parametrize(
    "spoil",
    [
        _without_metrics,
        _with_more,
        _with_another_status,
        _with_a_text_for_a_time,
        _with_an_unknown_unit,
    ],
)
def test_the_schema_refuses_what_is_no_manifest(
    billing: Written, spoil: Callable[[Any], None]
) -> None:
    manifest = copy.deepcopy(billing.manifest)
    spoil(manifest)
    assert len(_mistakes(manifest)) == 1


def test_every_field_of_the_schema_is_described() -> None:
    undescribed = [
        f"{name}.{field}"
        for name, model in manifest_schema()["$defs"].items()
        for field, schema in model.get("properties", {}).items()
        if "description" not in schema
    ]
    assert undescribed == []


def test_the_manifest_has_the_fields_of_the_documents_in_their_order(billing: Written) -> None:
    assert list(billing.manifest) == [
        "schema_version",
        "voicetest",
        "scenario",
        "adapter",
        "status",
        "reason",
        "errors",
        "warnings",
        "started_at",
        "clock",
        "duration_s",
        "turns",
        "metrics",
        "checks",
        "judge",
        "improvise",
        "tool_calls",
        "messages",
        "termination",
        "recording",
        "files",
        "harness",
        "detector",
        "checks_version",
        "vantage",
        "cost",
        "sha256",
    ]
    assert set(billing.manifest) == set(Manifest.model_fields)
    assert set(billing.manifest["voicetest"]) == {"version", "python", "platform"}
    assert set(billing.manifest["detector"]) == {"name", "version", "settings"}
    assert billing.manifest["vantage"] == "caller, after playout"


def test_a_manifest_read_back_is_the_same(billing: Written) -> None:
    text = billing.text("manifest.json")
    assert as_json(Manifest.model_validate_json(text)) == text
    assert text.endswith("}\n")


def test_texts_stand_as_they_were_said(billing: Written) -> None:
    changed = billing.returned.model_copy(update={"reason": "„Größe“ 日本"})
    assert "„Größe“ 日本" in as_json(changed)


@pytest.mark.parametrize(("name", "channels"), [("recording.wav", 2), ("segments/00-user.wav", 1)])
def test_a_sound_file_is_described_with_its_length(
    tmp_path: Path, name: str, channels: int
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    shape = (36_000, channels) if channels > 1 else (36_000,)
    with WavWriter(path, channels) as writer:
        writer.write(np.ones(shape, dtype=np.int16))
    described = describe_file(tmp_path, path)
    assert described.path == name
    assert (described.sample_rate, described.channels) == (24_000, channels)
    assert described.duration_s == 1.5
    assert described.bytes == 44 + 36_000 * 2 * channels


def test_a_file_larger_than_one_block_has_the_checksum_of_all_of_it(tmp_path: Path) -> None:
    content = bytes(range(256)) * 1000
    (tmp_path / "events.jsonl").write_bytes(content)
    described = describe_file(tmp_path, tmp_path / "events.jsonl")
    assert described.sha256 == sha256(content).hexdigest()
    assert (described.bytes, described.channels) == (len(content), None)
