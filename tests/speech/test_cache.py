from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from voicetest.audio.chunk import AudioChunk
from voicetest.speech.cache import (
    Cache,
    CachedTranscriber,
    CachedVoice,
    Extent,
    default_folder,
    key,
)

NAME = key({"a": 1})


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


class _Parrot:
    """A voice and a transcriber that counts how often it works."""

    local = True
    name = "parrot/grey"
    languages: frozenset[str] | None = None

    def __init__(self, identity: str = "parrot 1") -> None:
        self.identity = identity
        self.calls = 0
        self.prepared = False

    async def prepare(self) -> None:
        self.prepared = True

    async def synthesise(self, text: str, rate: float = 1.0) -> AudioChunk:
        self.calls += 1
        return AudioChunk.of(np.full(len(text), int(rate * 100), dtype=np.int16))

    async def said(self, text: str, rate: float = 1.0) -> str:
        return text.replace("seventeen", "17")

    async def transcribe(self, audio: AudioChunk) -> str:
        self.calls += 1
        return f"{audio.frames} samples, é"


def test_what_is_put_is_found_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert cache.get(NAME) is None
    cache.put(NAME, b"one")
    cache.put(NAME, b"two")
    assert Cache(tmp_path).get(NAME) == b"two"


def test_a_key_depends_on_every_part_and_on_no_order() -> None:
    assert key({"a": 1, "b": "x"}) == key({"b": "x", "a": 1})
    assert len({key({"a": 1}), key({"a": "1"}), key({"a": None}), key({"b": 1}), key({})}) == 5


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 100])
def test_a_damaged_entry_counts_as_absent_and_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    cache, parrot = Cache(tmp_path), _Parrot()
    voice = CachedVoice(parrot, cache)
    first = asyncio.run(voice.synthesise("hello"))
    for path in _files(tmp_path):
        path.write_bytes(damage)
    assert asyncio.run(voice.synthesise("hello")) == first
    assert asyncio.run(voice.synthesise("hello")) == first
    assert parrot.calls == 2


def test_a_truncated_entry_counts_as_absent(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put(NAME, b"0123456789")
    for path in _files(tmp_path):
        path.write_bytes(path.read_bytes()[:-1])
    assert cache.get(NAME) is None


def test_the_size_stays_below_the_limit_and_the_least_used_go(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit_bytes=10_000)
    names = [key({"n": number}) for number in range(40)]
    for number, name in enumerate(names):
        cache.put(name, bytes(500))
        for path in _files(tmp_path):
            if path.name == name[2:]:
                os.utime(path, (number, number))
        if number:
            assert cache.get(names[0]) is not None  # used again each time, so it stays
        assert sum(path.stat().st_size for path in _files(tmp_path)) <= 10_000
    assert cache.get(names[-1]) is not None
    assert cache.get(names[1]) is None


def test_what_is_larger_than_the_limit_is_not_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit_bytes=100)
    cache.put(NAME, bytes(200))
    assert cache.get(NAME) is None


def test_a_folder_that_cannot_be_written_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = Cache(tmp_path / "file" / "cache")
    with caplog.at_level(logging.WARNING):
        cache.put(NAME, b"x")
        cache.put(NAME, b"x")
        assert cache.get(NAME) is None
    assert [record.getMessage()[:20] for record in caplog.records] == ["speech is not cached"]


def test_two_processes_write_the_same_entries_without_harm(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from voicetest.speech.cache import Cache, key\n"
        "cache = Cache(Path(sys.argv[1]), 300_000)\n"
        "for n in range(300):\n"
        "    name = key({'n': n % 20})\n"
        "    assert cache.get(name) in (None, bytes([n % 20]) * 20_000)\n"
        "    cache.put(name, bytes([n % 20]) * 20_000)\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert not [path for path in _files(tmp_path) if path.name.startswith(".new-")]
    assert sum(path.stat().st_size for path in _files(tmp_path)) < 600_000


def test_what_is_kept_does_not_keep_a_voice_or_transcriber_from_being_prepared(
    tmp_path: Path,
) -> None:
    for wrap in (CachedVoice, CachedTranscriber):
        parrot = _Parrot()
        asyncio.run(wrap(parrot, Cache(tmp_path)).prepare())
        assert parrot.prepared


def test_a_voice_speaks_each_text_once_per_rate_and_identity(tmp_path: Path) -> None:
    cache, parrot = Cache(tmp_path), _Parrot()
    voice = CachedVoice(parrot, cache)
    assert (voice.name, voice.local, voice.identity) == ("parrot/grey", True, "parrot 1")
    said = [asyncio.run(voice.synthesise("hello", rate)) for rate in (1.0, 1.2, 1.0, 1.2)]
    assert said[:2] == said[2:]
    assert parrot.calls == 2
    newer = _Parrot("parrot 2")
    asyncio.run(CachedVoice(newer, cache).synthesise("hello"))
    assert newer.calls == 1


def test_a_transcriber_hears_each_sound_once(tmp_path: Path) -> None:
    parrot = _Parrot()
    transcriber = CachedTranscriber(parrot, Cache(tmp_path))
    short, long = (AudioChunk.of(np.zeros(n, dtype=np.int16)) for n in (10, 20))
    heard = [asyncio.run(transcriber.transcribe(sound)) for sound in (short, long, short)]
    assert heard == ["10 samples, é", "20 samples, é", "10 samples, é"]
    assert parrot.calls == 2


def test_the_folder_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICETEST_CACHE", "/somewhere")
    assert default_folder() == Path("/somewhere")
    monkeypatch.delenv("VOICETEST_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert default_folder() == Path("/caches/voicetest")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_folder() == Path.home() / ".cache" / "voicetest"


def test_the_words_of_a_voice_that_departs_from_its_text_are_kept_with_its_sound(
    tmp_path: Path,
) -> None:
    asyncio.run(CachedVoice(_Parrot(), Cache(tmp_path)).synthesise("seventeen parrots"))
    later = CachedVoice(_Parrot(), Cache(tmp_path))
    assert asyncio.run(later.said("seventeen parrots")) == "17 parrots"
    assert asyncio.run(later.said("a parrot")) == "a parrot"


def test_what_is_kept_is_counted_and_removed_and_nothing_else(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert (cache.extent, cache.clear()) == (Extent(0, 0), Extent(0, 0))
    for number in range(3):
        cache.put(key({"n": number}), bytes(100))
    (tmp_path / "ab").mkdir(exist_ok=True)
    others = [tmp_path / "notes.txt", tmp_path / "ab/letter.txt"]
    for other in others:
        other.write_text("mine")
    assert cache.extent == Extent(3, 3 * 132)
    assert cache.clear() == Extent(3, 3 * 132)
    assert sorted(_files(tmp_path)) == sorted(others)
    cache.put(NAME, b"one")
    assert cache.get(NAME) == b"one"


def test_making_room_leaves_alone_what_is_no_entry(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab/letter.txt").write_text("mine" * 1000)
    cache = Cache(tmp_path, limit_bytes=1000)
    for number in range(20):
        cache.put(key({"n": number}), bytes(200))
    assert (tmp_path / "ab/letter.txt").exists()


def test_a_voice_knows_what_it_has_said_before(tmp_path: Path) -> None:
    voice = CachedVoice(_Parrot(), Cache(tmp_path))
    assert voice.kept("hello") is None
    said = asyncio.run(voice.synthesise("hello", 1.2))
    assert voice.kept("hello", 1.2) == said
    assert voice.kept("hello") is None
