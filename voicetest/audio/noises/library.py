"""Finds the noises that voicetest ships by their names."""

from __future__ import annotations

from pathlib import Path

from voicetest.registry import UnknownName, nearest

__all__ = ["FOLDER", "names", "path"]

FOLDER = Path(__file__).parent
"""Where the files are: mono PCM16 WAV at 24 kHz, named after what they sound like."""


def names() -> tuple[str, ...]:
    """All noises, sorted."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.wav")))


def path(name: str) -> Path:
    """The WAV file of a noise; raises UnknownName, whose text says the nearest one."""
    known = names()
    if name not in known:
        hint = nearest(name, known)
        raise UnknownName(f"unknown noise '{name}'{hint}; there are: {', '.join(known)}")
    return FOLDER / f"{name}.wav"
