from __future__ import annotations

import asyncio
from fractions import Fraction

import numpy as np
import pytest
from aiortc import MediaStreamTrack
from av import AudioFrame

from voicetest.audio.chunk import INTERNAL, AudioChunk, AudioFormat, Encoding, Samples
from voicetest.links.conversion import Converter
from voicetest.links.heard_track import HeardTrack

FRAME = 960


class _Given(MediaStreamTrack):
    kind = "audio"

    def __init__(self, frames: list[AudioFrame]) -> None:
        super().__init__()
        self._frames = frames

    async def recv(self) -> AudioFrame:
        return self._frames.pop(0)


def _frame(sound: Samples, channels: int, number: int) -> AudioFrame:
    layout = "stereo" if channels == 2 else "mono"
    frame = AudioFrame(format="s16", layout=layout, samples=len(sound) // channels)
    frame.planes[0].update(sound.tobytes())
    frame.sample_rate, frame.time_base = 48_000, Fraction(1, 48_000)
    frame.pts = number * FRAME
    return frame


@pytest.mark.parametrize("channels", [1, 2])
def test_what_is_heard_is_the_average_of_the_channels(channels: int) -> None:
    random = np.random.default_rng(1)
    sounds = [random.integers(-32_768, 32_768, channels * FRAME).astype(np.int16) for _ in range(5)]
    heard = HeardTrack(_Given([_frame(sound, channels, n) for n, sound in enumerate(sounds)]))
    converter = Converter(INTERNAL)
    wire = AudioFormat(Encoding.PCM16, 48_000, channels)

    async def main() -> None:
        for sound in sounds:
            expected = converter.convert(AudioChunk(sound.tobytes(), wire))
            assert await heard.receive() == expected

    asyncio.run(main())


def test_a_lost_packet_leaves_silence() -> None:
    tone = np.full(2 * FRAME, 5_000, np.int16)
    heard = HeardTrack(_Given([_frame(tone, 2, 0), _frame(tone, 2, 2)]))

    async def main() -> None:
        await heard.receive()
        chunk = await heard.receive()
        assert chunk.frames == 2 * FRAME // 2
        assert not chunk.samples()[200 : FRAME // 2 - 50].any()
        assert heard.lost_s == pytest.approx(0.02)

    asyncio.run(main())
