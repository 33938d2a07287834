"""libespeak-ng through ctypes; only ever imported by a worker process of its own."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import espeakng_loader
import numpy as np

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.resample import resample

__all__ = ["Spoken", "Word", "phonemes", "speak"]

# espeak-ng/speak_lib.h
_SYNCHRONOUS = 2
_DO_NOT_EXIT = 0x8000
_UTF8 = 1
_RATE = 1
_LIST_END, _WORD = 0, 1
_IPA_WITH_SPACES = ord(" ") << 8 | 2
_SEED = 1

PAD = 0.010
"""Seconds of digital silence kept at either end: one frame of the voice activity detector, so that
offsets point at speech and the resampling filter still has its edges."""


class _Ident(ctypes.Union):
    _fields_ = (
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Ident),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True)
class Word:
    """Where a word stands in the text (characters) and when its sound begins (seconds)."""

    start: int
    length: int
    onset: float


@dataclass(frozen=True)
class Spoken:
    """PCM16 mono at 24 kHz, and the words in it; no bytes when the text makes no sound."""

    data: bytes
    words: tuple[Word, ...]


def speak(voice: str, text: str, rate: int) -> Spoken:
    """The text in the voice of that file name (`gmw/en-US+f2`) at `rate` words a minute.

    Each call loads a copy of the library of its own and unloads it: state left over from an earlier
    utterance changes the sound of the next.
    """
    pieces: list[bytes] = []
    words: list[tuple[int, int, int]] = []
    with _library() as library:
        own_rate = _initialise(library, voice)
        # Initialising seeds the noise generator with the time of day; klatt voices use libc's own.
        library.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))
        library.srand(_SEED)
        callback = _Callback(partial(_collect, pieces, words))
        library.espeak_SetSynthCallback(callback)
        library.espeak_SetParameter(_RATE, rate, 0)
        written = text.encode()
        # Without the flags for SSML and phonemes, `<` and `[[` are characters like any other.
        library.espeak_Synth(written, len(written) + 1, 0, 1, 0, _UTF8, None, None)
        library.espeak_Terminate()
    return _trimmed(np.frombuffer(b"".join(pieces), dtype=np.int16), words, own_rate)


def phonemes(voice: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """How the voice would speak each word: IPA symbols separated by spaces."""
    spoken: list[str] = []
    with _library() as library:
        _initialise(library, voice)
        library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        for word in words:
            text = ctypes.c_char_p(word.encode())
            ipa = library.espeak_TextToPhonemes(ctypes.byref(text), _UTF8, _IPA_WITH_SPACES)
            spoken.append(ipa.decode())
        library.espeak_Terminate()
    return tuple(spoken)


def _initialise(library: ctypes.CDLL, voice: str) -> int:
    """Load a voice; returns its sample rate in hertz."""
    data = os.fsencode(espeakng_loader.get_data_path())
    rate: int = library.espeak_Initialize(_SYNCHRONOUS, 0, data, _DO_NOT_EXIT)
    if rate <= 0 or library.espeak_SetVoiceByName(voice.encode()):
        raise RuntimeError(f"espeak-ng does not load the voice {voice!r}")
    return rate


@contextmanager
def _library() -> Iterator[ctypes.CDLL]:
    system = ctypes.CDLL(None)
    system.dlopen.restype = ctypes.c_void_p
    system.dlopen.argtypes = (ctypes.c_char_p, ctypes.c_int)
    system.dlclose.argtypes = (ctypes.c_void_p,)
    with tempfile.TemporaryDirectory(prefix="voicetest-") as folder:
        copy = shutil.copy(espeakng_loader.get_library_path(), Path(folder))
        handle = system.dlopen(os.fsencode(copy), os.RTLD_NOW)
    if not handle:
        raise RuntimeError(f"cannot load a copy of {espeakng_loader.get_library_path()}")
    try:
        yield ctypes.CDLL(str(copy), handle=handle)
    finally:
        system.dlclose(handle)


def _collect(
    pieces: list[bytes],
    words: list[tuple[int, int, int]],
    sound: int | None,
    count: int,
    events: ctypes._Pointer[_Event],
) -> int:
    if sound is not None and count > 0:
        pieces.append(ctypes.string_at(sound, count * 2))
    place = 0
    while events[place].type != _LIST_END:
        event = events[place]
        if event.type == _WORD:
            words.append((event.text_position - 1, event.length, event.sample))
        place += 1
    return 0


def _trimmed(sound: Samples, words: list[tuple[int, int, int]], rate: int) -> Spoken:
    audible = np.flatnonzero(sound)
    if not len(audible):
        return Spoken(b"", ())
    pad = round(PAD * rate)
    silence = np.zeros(pad, dtype=np.int16)
    first = int(audible[0])
    core = np.concatenate((silence, sound[first : int(audible[-1]) + 1], silence))
    wide = resample(core, rate, INTERNAL.rate)
    shift = pad - first
    placed = tuple(
        Word(start, length, max(sample + shift, pad) / rate) for start, length, sample in words
    )
    return Spoken(wide.astype("<i2").tobytes(), placed)
