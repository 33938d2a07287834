"""Messages of the Gemini Live API as JSON: read in either case of keys, written in camelCase."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, TypeAlias

from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
from voicetest.errors import ProtocolError
from voicetest.events import Ignored
from voicetest.protocols.example import compact, parse_object, quoted
from voicetest.protocols.framing import whole_samples
from voicetest.protocols.words import sound_bytes, sound_text

__all__ = [
    "Json",
    "blob",
    "camel_cased",
    "flag",
    "items",
    "opened",
    "section",
    "snake",
    "snake_cased",
    "sound",
    "strings",
    "text",
    "unspoken",
    "written",
]

Json: TypeAlias = dict[str, Any]

_HUMP = re.compile(r"(?<=[a-z0-9])[A-Z]")
_BUMP = re.compile(r"(?<=[a-z0-9])_([a-z])")
_RATE = re.compile(r"rate=([0-9]{1,6})$")
_URL_SAFE = str.maketrans("-_", "+/")
_OF_TOOLS = frozenset({"args", "response", "parameters", "parametersJsonSchema"})
"""Keys whose values are not the protocol's own."""


def opened(message: bytes | str) -> Json:
    """The object that a frame holds; Google sends binary frames, clients send text."""
    if isinstance(message, str):
        return parse_object(message)
    try:
        return parse_object(message.decode())
    except UnicodeDecodeError:
        raise ProtocolError(f"the peer sent {len(message)} bytes that are no JSON") from None


def _value(holder: Json, name: str) -> Any:
    """What stands under a name that is written in camelCase, or under its snake_case form."""
    found = holder.get(name)
    return holder.get(_written_otherwise(name)) if found is None else found


@cache
def _written_otherwise(name: str) -> str:
    """The same as `snake`, for the few names that this program asks for."""
    return snake(name)


def snake(name: str) -> str:
    """A name in camelCase as snake_case has it."""
    return _HUMP.sub(lambda hump: "_" + hump.group().lower(), name)


def camel_cased(name: str) -> str:
    """A name in either case as camelCase has it."""
    return _BUMP.sub(lambda bump: bump.group(1).upper(), name)


def _wrong(name: str, value: object, expected: str) -> ProtocolError:
    found = quoted(compact(value))
    return ProtocolError(f"the peer sent {name} as {found}, where {expected} is expected")


def section(holder: Json, name: str) -> Json | None:
    """The object under a name; None without one. Raises ProtocolError for anything else."""
    value = _value(holder, name)
    if value is None or isinstance(value, dict):
        return value
    raise _wrong(name, value, "an object")


def items(holder: Json, name: str) -> Sequence[Json]:
    """The objects of the list under a name; one object counts as a list of it."""
    value = _value(holder, name)
    if value is None:
        return ()
    listed = [value] if isinstance(value, dict) else value
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise _wrong(name, value, "a list of objects")
    return listed


def strings(holder: Json, name: str) -> Sequence[str]:
    """The texts of the list under a name."""
    value = _value(holder, name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(name, value, "a list of texts")
    return value


def text(holder: Json, name: str) -> str:
    """The text under a name; empty without one."""
    value = _value(holder, name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(name, value, "a text")
    return value


def flag(holder: Json, name: str) -> bool:
    """Whether the value under a name is true."""
    value = _value(holder, name)
    if value is None or isinstance(value, bool):
        return value is True
    raise _wrong(name, value, "true or false")


def blob(chunk: AudioChunk) -> Json:
    """Sound as a `Blob`, with its rate in the MIME type."""
    return {"mimeType": f"audio/pcm;rate={chunk.format.rate}", "data": sound_text(chunk.data)}


def sound(holder: Json, usual: AudioFormat) -> AudioChunk | None:
    """The sound of a `Blob` in either alphabet of base64; None for other media.

    A MIME type without a rate means the usual one.
    """
    kind = text(holder, "mimeType").lower()
    if not kind.startswith("audio/pcm"):
        return None
    written = _value(holder, "data")
    if isinstance(written, str):
        written = written.translate(_URL_SAFE)
        written += "=" * (-len(written) % 4)
    said = _RATE.search(kind)
    rate = int(said.group(1)) if said else usual.rate
    if not rate:
        raise _wrong("mimeType", kind, "a sample rate")
    return whole_samples(sound_bytes(written), AudioFormat(Encoding.PCM16, rate))


def unspoken(parts: Sequence[Json]) -> Iterator[Ignored]:
    """What of an answer without sound is meant to be read, or is other media; not its thoughts."""
    for part in parts:
        media = section(part, "inlineData")
        if media is not None:
            kind = text(media, "mimeType")
            yield Ignored(f"{{inlineData: {{mimeType: {cut(kind)}}}}}", "hold no PCM sound")
        elif text(part, "text") and not flag(part, "thought"):
            yield Ignored("{modelTurn: {parts: [{text: …}]}}", "hold text that nobody speaks")


def written(parts: Sequence[Json]) -> Iterator[str]:
    """The words of an answer without sound that are to be read; not the model's thoughts."""
    for part in parts:
        if (words := text(part, "text")) and not flag(part, "thought"):
            yield words


def cut(name: str) -> str:
    """The beginning of a name, safe to print on one line."""
    return "".join(c for c in name[:40] if c.isprintable())


def snake_cased(value: Any) -> Any:
    """The same message with its own keys in snake_case."""
    match value:
        case dict():
            return {
                snake(key): inner if key in _OF_TOOLS else snake_cased(inner)
                for key, inner in value.items()
            }
        case list():
            return [snake_cased(inner) for inner in value]
        case _:
            return value
