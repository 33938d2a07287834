"""Puts samples together again that a peer has split between two messages."""

from __future__ import annotations

from voicetest.audio.chunk import AudioChunk, AudioFormat

__all__ = ["Framing", "whole_samples"]


def whole_samples(data: bytes, wire: AudioFormat) -> AudioChunk:
    """Sound without what is left of a sample at its end, where each message has whole ones."""
    return AudioChunk(data[: len(data) // wire.frame_bytes * wire.frame_bytes], wire)


class Framing:
    """The incoming sound of one connection, in one format."""

    def __init__(self, wire: AudioFormat) -> None:
        self._wire = wire
        self._begun = b""
        """The first bytes of a sample whose others have not come yet."""

    def join(self, data: bytes) -> AudioChunk | None:
        """All whole samples so far, None if there is none."""
        joined = self._begun + data if self._begun else data
        whole = len(joined) - len(joined) % self._wire.frame_bytes
        self._begun = joined[whole:]
        return AudioChunk(joined[:whole], self._wire) if whole else None
