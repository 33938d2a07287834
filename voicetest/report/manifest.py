"""`manifest.json` and the files beside it: everything a run says about one call."""

from __future__ import annotations

import platform
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from voicetest.audio import flac
from voicetest.audio.chunk import INTERNAL
from voicetest.checks.result import Result
from voicetest.report.seal import sealed
from voicetest.shown import shown_json
from voicetest.version import __version__

__all__ = [
    "AdapterInfo",
    "FileInfo",
    "ImproviseInfo",
    "Manifest",
    "ScenarioInfo",
    "Versions",
    "as_json",
    "describe_file",
    "manifest_schema",
]

SCHEMA_VERSION = 1


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Versions(_Value):
    """What ran the call."""

    version: str = Field(
        default_factory=lambda: __version__, description="The version of voicetest."
    )
    python: str = Field(
        default_factory=platform.python_version, description="The version of Python."
    )
    platform: str = Field(default_factory=platform.platform, description="The operating system.")


class ScenarioInfo(_Value):
    """What was run."""

    name: str = Field(description="The scenario's name.")
    file: str = Field(description="Its file, as it was given.")
    sha256: str = Field(description="Checksum of the file.")
    tags: tuple[str, ...] = Field(description="Its tags.")
    case: str | None = Field(description="The case of a matrix; null without one.")
    vars: dict[str, str] = Field(description="The values of its variables, secrets masked.")
    seed: int = Field(description="What all randomness of the run came from.")
    sound: str = Field(
        default="",
        description="Checksum of how the user was to sound: voices, rates, effects, background, "
        "line; empty where an older version wrote it.",
    )


class AdapterInfo(_Value):
    """How the agent was reached."""

    name: str = Field(description="The adapter.")
    settings: dict[str, Any] = Field(description="Its settings as written, secrets masked.")
    sends: tuple[str, ...] = Field(description="Events it can send to the agent.")
    receives: tuple[str, ...] = Field(description="Events it can receive from the agent.")
    speaks: str = Field(description="Format of the agent's sound on the wire.")
    hears: str = Field(description="Format of the user's sound on the wire.")
    continuous: bool = Field(description="Whether silence is sent between lines.")
    sdk: dict[str, str] = Field(description="Versions of the vendor packages it uses.")
    simulated: bool = Field(description="Whether the agent was simulated (--offline).")
    user_audio_sent: bool = Field(description="Whether the user's sound reached the agent.")


class ImproviseInfo(_Value):
    """Who made up the user's lines in `improvise` steps."""

    model: str = Field(description="The language model, by its name for litellm.")
    prompt: str = Field(description="The version of what it is told.")
    seed: int = Field(description="The seed that it was given, and of its interruptions.")


class FileInfo(_Value):
    """One file of the call's folder."""

    path: str = Field(description="Relative to the manifest.")
    sha256: str = Field(description="Checksum.")
    bytes: int = Field(description="Size.")
    sample_rate: int | None = Field(default=None, description="For sound, in hertz.")
    channels: int | None = Field(default=None, description="For sound.")
    duration_s: float | None = Field(default=None, description="For sound, in seconds.")


class Manifest(Result):
    """Everything about one call, as it stands in manifest.json."""

    schema_version: Literal[1] = Field(description="The version of this format.")
    voicetest: Versions
    scenario: ScenarioInfo
    adapter: AdapterInfo | None = Field(description="Null when the adapter never got ready.")
    started_at: str = Field(description="When the run of this scenario began, UTC, ISO 8601.")
    clock: Literal["real", "virtual"] = Field(description="Which time the call ran on.")
    improvise: ImproviseInfo | None = Field(
        default=None, description="Null where every line of the user is scripted."
    )
    recording: str | None = Field(
        default="recording.wav",
        description="The recording of the whole call, relative to the manifest; null where it was "
        "not kept (--keep).",
    )
    files: tuple[FileInfo, ...] = Field(description="The files beside the manifest.")
    detector: dict[str, Any] = Field(
        description="What found speech on the recording: name, version, settings."
    )
    checks_version: int = Field(
        default=1,
        description="What checks and metrics measure: values of two versions are not compared. "
        "1 also where an older version wrote it.",
    )
    vantage: Literal["caller, after playout"] = Field(
        default="caller, after playout", description="Where all times were taken."
    )
    sha256: str | None = Field(
        default=None,
        description="Checksum of all other values; null where an older version wrote it.",
    )


def as_json(manifest: Manifest) -> str:
    """The text of manifest.json: what was run first, then how it went, then the details."""
    values = manifest.model_dump(mode="json")
    return shown_json(sealed({name: values[name] for name in _ORDER}), indent=2) + "\n"


_ORDER = (
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
)


def manifest_schema() -> dict[str, Any]:
    """The JSON Schema of manifest.json."""
    schema = Manifest.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def describe_file(folder: Path, path: Path) -> FileInfo:
    """Size and checksum of a file below `folder`, read in blocks; for sound its format too."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 16):
            digest.update(block)
    size = path.stat().st_size
    sound: dict[str, Any] = {}
    if path.suffix == ".flac":
        frames, channels, rate = flac.extent(path)
        sound = {"sample_rate": rate, "channels": channels, "duration_s": frames / rate}
    if path.suffix == ".wav":
        channels = 2 if path.parent == folder else 1
        frames = (size - 44) // (2 * channels)
        sound = {
            "sample_rate": INTERNAL.rate,
            "channels": channels,
            "duration_s": frames / INTERNAL.rate,
        }
    return FileInfo(
        path=path.relative_to(folder).as_posix(), sha256=digest.hexdigest(), bytes=size, **sound
    )
