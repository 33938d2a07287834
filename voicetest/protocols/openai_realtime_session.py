"""The configuration of an OpenAI Realtime session: as it is asked for, and as it is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from voicetest.audio.chunk import INTERNAL, AudioFormat, Encoding
from voicetest.scenario.tools import Tool

__all__ = [
    "DEFAULT_MODEL",
    "DEFAULT_TRANSCRIPTION",
    "DEFAULT_VOICE",
    "Problem",
    "SessionSettings",
    "TurnDetection",
    "default_session",
    "detects_turns",
    "hears",
    "modality",
    "problem_of",
    "speaks",
    "transcribes",
    "updated",
]

Json: TypeAlias = dict[str, Any]
TurnDetection = Literal["none", "server_vad", "semantic_vad"]

DEFAULT_MODEL = "gpt-realtime-2.1-mini"
DEFAULT_VOICE = "alloy"
DEFAULT_TRANSCRIPTION = "gpt-transcribe"

_PCM: Json = {"type": "audio/pcm", "rate": INTERNAL.rate}
_TELEPHONE_RATE = 8_000
_WIRES: Mapping[str, AudioFormat] = {
    "audio/pcm": INTERNAL,
    "audio/pcmu": AudioFormat(Encoding.MULAW, _TELEPHONE_RATE),
    "audio/pcma": AudioFormat(Encoding.ALAW, _TELEPHONE_RATE),
}
_MODALITIES = (["audio"], ["text"])
"""One or the other, never both."""
_ANYTHING: Mapping[str, Any] = {}
_RESPONDS: Json = {"create_response": True, "interrupt_response": True}
_DETECTIONS: Mapping[str, Json] = {
    "server_vad": {
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 500,
        "idle_timeout_ms": None,
        **_RESPONDS,
    },
    "semantic_vad": {"eagerness": "auto", **_RESPONDS},
}
"""The defaults of each kind of turn detection."""
_KNOWN: Mapping[str, Any] = {
    "type": _ANYTHING,
    "model": _ANYTHING,
    "instructions": _ANYTHING,
    "output_modalities": _ANYTHING,
    "audio": {
        "input": {
            "format": _ANYTHING,
            "turn_detection": _ANYTHING,
            "transcription": _ANYTHING,
            "noise_reduction": _ANYTHING,
        },
        "output": {"format": _ANYTHING, "voice": _ANYTHING, "speed": _ANYTHING},
    },
    "tools": _ANYTHING,
    "tool_choice": _ANYTHING,
    "max_output_tokens": _ANYTHING,
    "include": _ANYTHING,
    "prompt": _ANYTHING,
    "tracing": _ANYTHING,
    "truncation": _ANYTHING,
    "reasoning": _ANYTHING,
    "parallel_tool_calls": _ANYTHING,
}
"""The fields of a session, each with those that it may have where that is checked."""


@dataclass(frozen=True)
class SessionSettings:
    """What a session shall be like; without `transcription` the user's words are not reported."""

    voice: str = DEFAULT_VOICE
    instructions: str = ""
    turn_detection: TurnDetection = "none"
    transcription: str | None = DEFAULT_TRANSCRIPTION
    tools: tuple[Tool, ...] = ()
    typed: bool = True
    """Whether the session says its own type; some versions at Azure refuse that."""

    def written(self) -> Json:
        """The `session` of a session.update; what is absent keeps the platform's default."""
        # A null says something else than no field: without it the server detects turns itself.
        detection = None if self.turn_detection == "none" else {"type": self.turn_detection}
        transcription = None if self.transcription is None else {"model": self.transcription}
        session: Json = {
            **({"type": "realtime"} if self.typed else {}),
            "output_modalities": ["audio"],
            "audio": {
                "input": {
                    "format": _PCM,
                    "turn_detection": detection,
                    "transcription": transcription,
                },
                "output": {"format": _PCM, "voice": self.voice},
            },
        }
        if self.instructions:
            session["instructions"] = self.instructions
        if self.tools:
            session["tools"] = [_function(tool) for tool in self.tools]
            session["tool_choice"] = "auto"
        return session


def _function(tool: Tool) -> Json:
    written: Json = {"type": "function", "name": tool.name}
    if tool.description is not None:
        written["description"] = tool.description
    return written | {"parameters": tool.parameters or {"type": "object", "properties": {}}}


def default_session(settings: SessionSettings, session: str, model: str) -> Json:
    """The whole configuration with which the platform begins, changed by `settings`."""
    base: Json = {
        "type": "realtime",
        "object": "realtime.session",
        "id": session,
        "model": model,
        "instructions": "",
        "audio": {
            "input": {"noise_reduction": None},
            "output": {"speed": 1.0},
        },
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "include": None,
        "prompt": None,
        "tracing": None,
        "truncation": "auto",
    }
    return updated(base, settings.written())


def updated(session: Mapping[str, Any], update: Mapping[str, Any]) -> Json:
    """The whole configuration after an update, with the defaults of what it chooses."""
    result = _merged(session, update)
    heard = result["audio"]["input"]
    detection = heard.get("turn_detection")
    if detection is not None:
        heard = {**heard, "turn_detection": _DETECTIONS[detection["type"]] | detection}
    return result | {"audio": {**result["audio"], "input": heard}}


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> Json:
    """A configuration with what an update holds put in; a null is a value, what is absent none."""
    result = dict(old)
    for key, value in new.items():
        before = result.get(key)
        inner = isinstance(value, dict) and isinstance(before, dict) and "type" not in value
        result[key] = _merged(before or {}, value) if inner else value
    return result


def detects_turns(session: Mapping[str, Any]) -> bool:
    """Whether the server finds the user's turns by itself."""
    return session["audio"]["input"].get("turn_detection") is not None


def transcribes(session: Mapping[str, Any]) -> bool:
    """Whether the user's words are reported."""
    return session["audio"]["input"].get("transcription") is not None


def hears(session: Mapping[str, Any]) -> AudioFormat:
    """In what format the user's sound comes."""
    return _wire(session["audio"]["input"].get("format")) or INTERNAL


def speaks(session: Mapping[str, Any]) -> AudioFormat:
    """In what format the model's sound leaves."""
    return _wire(session["audio"]["output"].get("format")) or INTERNAL


def modality(session: Mapping[str, Any]) -> str:
    """What answers are made of: audio, or text."""
    return str(session["output_modalities"][0])


def _wire(written: object) -> AudioFormat | None:
    """What a format says: PCM at its one rate, or that of telephones; None if it is another."""
    if not isinstance(written, dict):
        return None
    wire = _WIRES.get(str(written.get("type")))
    return wire if wire is not None and written.get("rate", wire.rate) == wire.rate else None


@dataclass(frozen=True)
class Problem:
    """What the platform says is wrong with a message; `param` is the place in it."""

    code: str
    message: str
    param: str | None = None
    kind: str = "invalid_request_error"


def problem_of(session: object) -> Problem | None:
    """What is wrong with the `session` of a session.update, if anything is."""
    if not isinstance(session, dict):
        return Problem("missing_required_parameter", _missing("session"), "session")
    if "type" not in session:
        return Problem("missing_required_parameter", _missing("session.type"), "session.type")
    return _unknown(session, _KNOWN, "session") or _invalid(session)


def _missing(name: str) -> str:
    return f"Missing required parameter: '{name}'."


def _unknown(found: Json, known: Mapping[str, Any], place: str) -> Problem | None:
    for key, value in found.items():
        name = f"{place}.{key}"
        if key not in known:
            return Problem("unknown_parameter", f"Unknown parameter: '{name}'.", name)
        if not known[key]:
            continue
        if not isinstance(value, dict):
            return _bad(name, value)
        problem = _unknown(value, known[key], name)
        if problem is not None:
            return problem
    return None


def _invalid(session: Json) -> Problem | None:
    if session["type"] != "realtime":
        return _bad("session.type", session["type"])
    modalities = session.get("output_modalities", ["audio"])
    if modalities not in _MODALITIES:
        return _bad("session.output_modalities", modalities)
    audio = session.get("audio", {})
    for side in ("input", "output"):
        wire = audio.get(side, {}).get("format", _PCM)
        if _wire(wire) is None:
            return _bad(f"session.audio.{side}.format", wire)
    heard = audio.get("input", {})
    detection = heard.get("turn_detection")
    if detection is not None and _kind(detection) not in tuple(_DETECTIONS):
        return _bad("session.audio.input.turn_detection.type", _kind(detection))
    transcription = heard.get("transcription")
    if transcription is not None and not isinstance(transcription, dict):
        return _bad("session.audio.input.transcription", transcription)
    tools = session.get("tools", [])
    if not isinstance(tools, list) or any(_kind(tool) not in ("function", "mcp") for tool in tools):
        return _bad("session.tools", tools)
    return None


def _kind(value: object) -> object:
    return value.get("type") if isinstance(value, dict) else value


def _bad(name: str, value: object) -> Problem:
    return Problem("invalid_value", f"Invalid value for '{name}': {str(value)[:60]!r}.", name)
