"""What the scenario wants to happen to sound on its way."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from voicetest.audio.background import Bed, active_level, background
from voicetest.audio.files import read_audio
from voicetest.audio.impairment import Impairment, LineFaults
from voicetest.audio.wav import read_span
from voicetest.call.acoustics import Acoustics
from voicetest.call.line import SPOKEN, Line
from voicetest.scenario.acoustics import Way
from voicetest.scenario.load import ScenarioFile

__all__ = ["acoustics"]

_BED_S = 20.0
_USUAL_LEVEL = -26.0
"""Active speech level of a line, in dBFS, where the user never speaks (ITU-T P.56 practice)."""
_BACKGROUND, _UPLINK, _DOWNLINK = 1_000_001, 1_000_002, 1_000_003
"""Streams of chance of their own, beside those of the steps."""


def acoustics(file: ScenarioFile, lines: Iterable[Line]) -> Acoustics:
    """Background and line of a scenario; the background is set against the user's own level."""
    scenario = file.scenario
    bed = None
    if scenario.user.background is not None:
        wanted = scenario.user.background
        if isinstance(wanted.sound, str):
            random = np.random.default_rng([scenario.seed, _BACKGROUND])
            sound = background(wanted.sound, _BED_S, random)
        else:
            sound = read_audio(wanted.sound).samples()
        bed = Bed(sound, _level(lines) - wanted.snr)
    line = scenario.line
    return Acoustics(
        bed,
        _impairment(line.uplink, scenario.seed, _UPLINK),
        _impairment(line.downlink, scenario.seed, _DOWNLINK),
    )


def _level(lines: Iterable[Line]) -> float:
    """Mean active level of the lines that are speech, in dBFS."""
    levels = [active_level(read_span(x.wire, 0, -1)[:, 0]) for x in lines if x.kind in SPOKEN]
    return sum(levels) / len(levels) if levels else _USUAL_LEVEL


def _impairment(way: Way, seed: int, stream: int) -> Impairment | None:
    if way == Way():
        return None
    faults = LineFaults(
        loss=way.loss,
        burst=way.burst,
        g711=way.codec == "g711",
        dropout_every_s=None if way.dropouts is None else way.dropouts.every,
        dropout_for_s=0.0 if way.dropouts is None else way.dropouts.for_,
    )
    return Impairment(faults, np.random.default_rng([seed, stream]))
