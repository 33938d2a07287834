from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

import pytest

from voicetest.agents.delivery import Delivery
from voicetest.agents.faults import Faults
from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.clock import Clock, run, sleep_until
from voicetest.events import Audio, Event, Transcript, TranscriptDelta
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import End
from voicetest.protocols.in_process import InProcess
from voicetest.transports.base import Transport
from voicetest.transports.memory import memory_pair

TEXT = "Your parcel is on its  way to you today. "
SOUND = AudioChunk(bytes(range(250)) * 192 * 2)
"""Two seconds."""


@dataclass(frozen=True)
class _InParts(InProcess):
    """Has words in parts."""

    @property
    def sends(self) -> frozenset[type[Event]]:
        """These as well."""
        return super().sends | {TranscriptDelta}


def _sent(
    codec: InProcess,
    *,
    generates: float | None = None,
    faults: Faults | None = None,
    hush_at: float = math.inf,
    start: float = 0.0,
) -> tuple[list[tuple[float, Event]], float | None]:
    """What goes out, with its times, and what is said of its end."""

    async def main() -> tuple[list[tuple[float, Event]], float | None]:
        loop = asyncio.get_running_loop()
        near: Transport[Event]
        far: Transport[Event]
        near, far = memory_pair()
        got: list[tuple[float, Event]] = []

        async def until(deadline: float) -> bool:
            await sleep_until(min(deadline, hush_at))
            return hush_at > deadline

        async def take() -> None:
            while True:
                event = await near.receive()
                got.append((loop.time(), event))

        async with asyncio.TaskGroup() as tasks, CodecLink(codec, far) as link:
            taking = tasks.create_task(take())
            delivery = Delivery(link, until, faults=faults or Faults(), generates=generates)
            end = await delivery.send(SOUND, TEXT, start)
            await asyncio.sleep(0)
            taking.cancel()
        return got, end

    return run(main(), Clock.VIRTUAL)


def _sound(sent: list[tuple[float, Event]]) -> bytes:
    return b"".join(event.chunk.data for _, event in sent if isinstance(event, Audio))


@pytest.mark.parametrize("times", [1.5, 4.0, 50.0])
def test_sound_that_is_made_as_it_goes_comes_faster_than_it_is_heard(times: float) -> None:
    sent, end = _sent(_InParts(End.SERVER), generates=times)
    at = [at for at, event in sent if isinstance(event, Audio)]
    assert at == pytest.approx([0.2 / times * number for number in range(10)])
    assert _sound(sent) == SOUND.data
    assert end is None


def test_its_words_come_with_it_and_are_the_text_when_they_are_put_together() -> None:
    sent, _ = _sent(_InParts(End.SERVER), generates=4.0)
    parts = [(at, event.text) for at, event in sent if isinstance(event, TranscriptDelta)]
    assert "".join(text for _, text in parts) == TEXT
    assert [at for at, _ in parts] == pytest.approx([0.05 * number for number in range(9)])
    assert sent[-1][1] == Transcript("agent", TEXT)


def test_words_that_cannot_come_in_parts_come_first() -> None:
    sent, _ = _sent(InProcess(End.SERVER), generates=4.0)
    assert sent[0] == (0.0, Transcript("agent", TEXT))
    assert _sound(sent) == SOUND.data


def test_nothing_is_sent_after_it_was_hushed_and_the_text_is_never_whole() -> None:
    sent, end = _sent(_InParts(End.SERVER), generates=4.0, hush_at=0.26)
    assert len(_sound(sent)) == 6 * INTERNAL.rate // 5 * INTERNAL.frame_bytes
    assert end == pytest.approx(0.3)
    assert not [event for _, event in sent if isinstance(event, Transcript)]


def test_in_real_time_each_piece_goes_when_it_is_heard() -> None:
    sent, _ = _sent(_InParts(End.SERVER, paced=True), generates=4.0, start=1.0)
    at = [at for at, event in sent if isinstance(event, Audio)]
    assert at == pytest.approx([1 + 0.02 * number for number in range(100)])
    assert sent[1] == (0.0, Transcript("agent", TEXT))


def test_without_a_rate_all_goes_at_once() -> None:
    sent, _ = _sent(_InParts(End.SERVER))
    assert [event for _, event in sent] == [
        TranscriptDelta("agent", TEXT),
        Transcript("agent", TEXT),
        Audio(SOUND),
    ]


def test_an_agent_without_a_voice_takes_as_long() -> None:
    sent, end = _sent(_InParts(End.SERVER), generates=4.0, faults=Faults(mute=True), hush_at=0.4)
    assert sent == []
    assert end == pytest.approx(0.4)
