"""Which defects are found on which lines, and how often one is seen where there is none."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Literal

import numpy as np
import pytest

from tests.audio.lines import LINES, Line, heard, prompts, rate_of, with_gap
from voicetest.audio.chunk import INTERNAL, AudioChunk, Samples
from voicetest.audio.defects import find_defects
from voicetest.audio.resample import resample
from voicetest.links.conversion import Converter

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

SPEAKERS = (
    "en_US_f_Allison",
    "es_MX_f_Allison",
    "fr_CA_f_June",
    "it_IT_m_Carlo",
    "ru_RU_f_IvrvoiceRU",
)
EACH = 6
GAPS_S = (0.03, 0.06, 0.1, 0.15)


def over_opus(sound: Samples) -> Samples:
    """What is recorded of int16 at 48 kHz that went through libopus as aiortc sets it."""
    av = pytest.importorskip("av")
    encoder, decoder = (av.CodecContext.create("libopus", mode) for mode in "wr")
    encoder.bit_rate, encoder.options = 96_000, {"application": "voip"}
    for codec in (encoder, decoder):
        codec.format, codec.layout, codec.sample_rate = "s16", "stereo", 48_000
    padded = np.pad(sound, (0, -len(sound) % 960 + 960))
    packets = []
    for at in range(0, len(padded), 960):
        both = np.repeat(padded[at : at + 960], 2)[None, :]
        frame = av.AudioFrame.from_ndarray(both, format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, at
        packets += encoder.encode(frame)
    pieces = [
        frame.to_ndarray().reshape(-1, 2).mean(axis=1)
        for packet in packets
        for frame in decoder.decode(packet)
    ]
    chunk = AudioChunk.of(np.concatenate(pieces).astype(np.int16), 48_000)
    return Converter(INTERNAL).convert(chunk).samples()


def lost(sound: Samples, rate: int, random: Random) -> tuple[Samples, float]:
    return with_gap(sound, rate, random.choice(GAPS_S), random)


def twice(sound: Samples, rate: int, random: Random) -> tuple[Samples, float]:
    """100 to 300 ms of it sent twice, where it is loud."""
    length = random.randrange(rate // 10, rate * 3 // 10)
    _, at = with_gap(sound, rate, length / rate, random)
    start = round(at * rate)
    piece = sound[start : start + length]
    whole = np.concatenate((sound[: start + length], piece, sound[start + length :]))
    return whole, (start + length) / rate


def clipped(sound: Samples, rate: int, random: Random) -> tuple[Samples, float]:
    """Four times as loud as the line carries."""
    over = sound * (4 * 32_768 / np.abs(sound.astype(np.int32)).max())
    return np.clip(over, -32_768, 32_767).astype(np.int16), -1.0


def seams(sound: Samples, rate: int, random: Random) -> tuple[Samples, float]:
    """5.33 ms of silence after each 320 ms."""
    nothing, size = np.zeros(round(0.00533 * rate), dtype=np.int16), round(0.32 * rate)
    pieces = [sound[at : at + size] for at in range(0, len(sound), size)]
    return np.concatenate([part for one in pieces for part in (one, nothing)]), -1.0


Break = Callable[[Samples, int, Random], tuple[Samples, float]]
BREAKS: tuple[tuple[str, str, Break], ...] = (
    ("gap", "drop-out", lost),
    ("seams", "drop-out", seams),
    ("sent twice", "loop", twice),
    ("clipped", "clipping", clipped),
)


def found(sound: Samples, kind: str, at: float) -> bool:
    """Whether such a defect is found there, or anywhere if the place is negative."""
    places = [defect.at_s for defect in find_defects(sound) if defect.kind == kind]
    return bool(places) if at < 0 else any(abs(place - at) < 0.06 for place in places)


def carried(sound: Samples, line: Line | Literal["opus"]) -> Samples:
    """What is recorded of sound at the line's own rate."""
    return over_opus(sound) if line == "opus" else heard(sound, line)


@pytest.mark.parametrize("line", [*LINES, "opus"])
def test_what_is_found_of_each_defect_and_what_is_not_there(
    line: Line | Literal["opus"],
) -> None:
    people = [sound for speaker in SPEAKERS for sound in prompts(speaker, EACH)]
    if not people:
        pytest.skip("needs Debian's asterisk-core-sounds-*-wav")
    random = Random(17)
    counts = {name: 0 for name, _, _ in BREAKS}
    false = 0
    for prompt in people:
        rate = 48_000 if line == "opus" else rate_of(line)
        sound = resample(prompt, 8_000, rate)
        false += bool(find_defects(carried(sound, line)))
        for name, kind, broken in BREAKS:
            spoilt, at = broken(sound, rate, random)
            counts[name] += found(carried(spoilt, line), kind, at)
    figures = ", ".join(f"{name} {count}" for name, count in counts.items())
    print(f"\n{line:6} of {len(people)}: {figures}; false alarms {false}")
    assert false == 0
