"""A folder that remembers what was spoken and what was heard, by content."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from voicetest.audio.chunk import AudioChunk
from voicetest.home_folder import home_folder
from voicetest.speech.transcribers.base import Transcriber
from voicetest.speech.voices.base import Voice

__all__ = ["Cache", "CachedTranscriber", "CachedVoice", "Extent", "default_folder", "key"]

logger = logging.getLogger(__name__)

LIMIT = 1_000_000_000
CHECKSUM_BYTES = 32
_UNFINISHED = ".new-"
_ENTRY = re.compile(rf"[0-9a-f]{{62}}|{re.escape(_UNFINISHED)}.*")


def default_folder() -> Path:
    """`$VOICETEST_CACHE`, else `voicetest` in `$XDG_CACHE_HOME`, else in `~/.cache`."""
    if own := os.environ.get("VOICETEST_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or home_folder() / ".cache") / "voicetest"


def key(parts: Mapping[str, object]) -> str:
    """The SHA-256 of the canonical JSON of everything that decides the content."""
    written = json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


@dataclass(frozen=True)
class Extent:
    """How much there is."""

    entries: int
    size: int
    """In bytes."""


class Cache:
    """Entries of bytes in a folder that several processes may share, bounded in size.

    An entry is a file: the SHA-256 of its content, then the content. A damaged entry counts as
    absent. Over `limit_bytes` the entries longest unused go. A folder that cannot be written is
    warned about once and then not used.
    """

    def __init__(self, folder: Path, limit_bytes: int = LIMIT) -> None:
        self._folder = folder
        self._limit = limit_bytes
        self._room = 0  # bytes to write before the folder is looked through again
        self._warned = False

    @property
    def extent(self) -> Extent:
        """What is in the folder now."""
        sizes = [size for _, size, _ in _files(self._folder)]
        return Extent(len(sizes), sum(sizes))

    def clear(self) -> Extent:
        """Remove every entry, and nothing else that may be in the folder; gives what went.

        Raises OSError when that is not allowed.
        """
        gone = Extent(0, 0)
        for _, size, path in _files(self._folder):
            path.unlink(missing_ok=True)
            gone = Extent(gone.entries + 1, gone.size + size)
            with suppress(OSError):  # other entries are still in it
                path.parent.rmdir()
        self._room = 0
        return gone

    def get(self, name: str) -> bytes | None:
        """The content kept under a key, or None; its age starts anew."""
        path = self._path(name)
        try:
            entry = path.read_bytes()
            os.utime(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn(error)
            return None
        content = entry[CHECKSUM_BYTES:]
        if hashlib.sha256(content).digest() != entry[:CHECKSUM_BYTES]:
            return None
        return content

    def put(self, name: str, content: bytes) -> None:
        """Keep content under a key, in place of what was there."""
        path = self._path(name)
        entry = hashlib.sha256(content).digest() + content
        if len(entry) > self._limit:
            return
        try:
            if self._room < len(entry):
                self._make_room(len(entry))
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_atomically(path, entry)
        except OSError as error:
            self._warn(error)
            return
        self._room -= len(entry)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name[2:]

    def _make_room(self, needed: int) -> None:
        """Remove the oldest files until a fifth of the limit is free, if `needed` bytes are not.

        Other processes write too, so only a quarter of what is free is written without looking.
        """
        files = sorted(_files(self._folder))
        total = sum(size for _, size, _ in files)
        if total + needed > self._limit:
            keep = min(self._limit * 4 // 5, self._limit - needed)
            for _, size, path in files:
                if total <= keep:
                    break
                path.unlink(missing_ok=True)
                total -= size
        self._room = max(needed, (self._limit - total) // 4)

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            logger.warning("speech is not cached: %s", error)


def _files(folder: Path) -> Iterator[tuple[int, int, Path]]:
    for path in list(folder.glob("[0-9a-f][0-9a-f]/*")):
        if not _ENTRY.fullmatch(path.name):
            continue
        with suppress(FileNotFoundError):
            stat = path.stat()
            yield stat.st_mtime_ns, stat.st_size, path


def _write_atomically(path: Path, entry: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=_UNFINISHED)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(entry)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


class CachedVoice:
    """A voice that speaks each text once."""

    def __init__(self, voice: Voice, cache: Cache) -> None:
        self._voice = voice
        self._cache = cache
        self.name = voice.name
        self.local = voice.local
        self.identity = voice.identity

    async def prepare(self) -> None:
        """Make the voice ready for texts that are not kept."""
        await self._voice.prepare()

    async def synthesise(self, text: str, rate: float = 1.0) -> AudioChunk:
        """As the voice says it, from the cache if it is there."""
        kept = self.kept(text, rate)
        if kept is not None:
            return kept
        spoken = await self._voice.synthesise(text, rate)
        said = await self._voice.said(text, rate)
        if said != text:
            self._cache.put(self._words(text, rate), said.encode())
        self._cache.put(self._sound(text, rate), spoken.data)
        return spoken

    def kept(self, text: str, rate: float = 1.0) -> AudioChunk | None:
        """The sound of a text that the cache has, or None."""
        kept = self._cache.get(self._sound(text, rate))
        return None if kept is None or len(kept) % 2 else AudioChunk(kept)

    async def said(self, text: str, rate: float = 1.0) -> str:
        """Its words for that text, from the cache if they were kept; else the text."""
        kept = self._cache.get(self._words(text, rate))
        return text if kept is None else kept.decode()

    def _sound(self, text: str, rate: float) -> str:
        return key({"voice": self.identity, "text": text, "rate": rate})

    def _words(self, text: str, rate: float) -> str:
        return key({"said by": self.identity, "text": text, "rate": rate})


class CachedTranscriber:
    """A transcriber that listens to each sound once."""

    def __init__(self, transcriber: Transcriber, cache: Cache) -> None:
        self._transcriber = transcriber
        self._cache = cache
        self.name = transcriber.name
        self.local = transcriber.local
        self.identity = transcriber.identity
        self.languages = transcriber.languages

    async def prepare(self) -> None:
        """Make the transcriber ready for sounds that are not kept."""
        await self._transcriber.prepare()

    async def transcribe(self, audio: AudioChunk) -> str:
        """As the transcriber hears it, from the cache if it is there."""
        name = key(
            {
                "transcriber": self.identity,
                "format": str(audio.format),
                "audio": hashlib.sha256(audio.data).hexdigest(),
            }
        )
        kept = self._cache.get(name)
        if kept is not None:
            return kept.decode()
        heard = await self._transcriber.transcribe(audio)
        self._cache.put(name, heard.encode())
        return heard
