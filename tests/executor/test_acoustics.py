"""Effects, background and line: seeded, on the wire, and in the recording."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.calls import Call, Far, hold, say, words
from voicetest.audio.background import active_level
from voicetest.audio.chunk import Samples
from voicetest.audio.wav import read_span
from voicetest.events import Audio
from voicetest.speech.providers import Speech

SCRIPT = (
    "script:\n  - silence: 2s\n  - user: I was charged twice for my March invoice.\n  - agent\n"
)


async def _nothing(line: Far) -> None:
    await asyncio.sleep(1000)


def _call(folder: Path, speech: Speech, head: str, voice: Samples | None = None) -> Call:
    async def answer(line: Far) -> None:
        await asyncio.sleep(6.0)
        if voice is not None:
            await say(line, "Hello.", words(3.0, voice))
        await asyncio.sleep(60)

    return hold(folder, speech, answer, head + SCRIPT, response_timeout=3.0)


def _channel(call: Call, channel: int) -> Samples:
    return read_span(call.record.recording, 0, -1)[:, channel]


def _share_above(samples: Samples, hertz: float) -> float:
    power = np.abs(np.fft.rfft(samples.astype(float))) ** 2
    return float(power[round(hertz * len(samples) / 24_000) :].sum() / power.sum())


def test_a_background_is_as_far_below_the_speech_as_asked(tmp_path: Path, speech: Speech) -> None:
    plain = _channel(_call(tmp_path / "plain", speech, ""), 0)
    assert not plain[: 24_000 * 2].any()
    head = "user: {background: {sound: street, snr: 12dB}}\n"
    noisy = _channel(_call(tmp_path / "noisy", speech, head), 0)
    background = noisy[: 24_000 * 2].astype(float)
    level = 10 * np.log10(np.mean(background**2)) - 20 * np.log10(32_768)
    assert active_level(plain) - level == pytest.approx(12, abs=2.0)


def test_the_same_seed_gives_the_same_bytes_and_another_other_ones(
    tmp_path: Path, speech: Speech
) -> None:
    head = (
        "user: {background: cafe, effects: [robotic, {echo: 120ms}]}\n"
        "line: {uplink: {loss: 5%, burst: 3}}\n"
    )
    first = _call(tmp_path / "a", speech, head)
    again = _call(tmp_path / "b", speech, head)
    other = _call(tmp_path / "c", speech, head + "seed: 1\n")
    assert first.record.recording.read_bytes() == again.record.recording.read_bytes()
    assert first.record.recording.read_bytes() != other.record.recording.read_bytes()


def test_effects_change_what_is_sent_and_not_where_speech_is(
    tmp_path: Path, speech: Speech
) -> None:
    plain = _call(tmp_path / "plain", speech, "")
    phone = _call(tmp_path / "phone", speech, "user: {effects: [phone, {gain: -6dB}]}\n")
    assert phone.result.turns[0].start_s == plain.result.turns[0].start_s
    assert phone.result.turns[0].end_s == plain.result.turns[0].end_s
    assert _share_above(_channel(plain, 0), 4_200) > 0.01
    assert _share_above(_channel(phone, 0), 4_200) < 0.001
    difference = active_level(_channel(plain, 0)) - active_level(_channel(phone, 0))
    assert difference == pytest.approx(6, abs=2.5)


def test_a_lossy_line_takes_away_frames_each_way_on_its_own(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    plain = _call(tmp_path / "plain", speech, "", voice)
    lossy = _call(tmp_path / "down", speech, "line: {downlink: {loss: 30%}}\n", voice)
    assert (_channel(plain, 0) == _channel(lossy, 0)).all()
    clean, heard = (
        np.square(_channel(call, 1)[24_000 * 6 : 24_000 * 9].astype(float))
        .reshape(-1, 480)
        .mean(axis=1)
        for call in (plain, lossy)
    )
    lost = np.mean((heard < 0.2 * clean)[clean > 1e5])
    assert 0.15 < lost < 0.45


def test_drop_outs_come_when_they_should(tmp_path: Path, speech: Speech) -> None:
    head = "user: {background: office}\nline: {uplink: {dropouts: {every: 1s, for: 200ms}}}\n"
    sent = _channel(_call(tmp_path, speech, head), 0)
    assert not sent[round(1.02 * 24_000) : round(1.18 * 24_000)].any()
    assert sent[round(0.5 * 24_000) : round(0.9 * 24_000)].any()


def test_the_agent_hears_what_is_recorded(tmp_path: Path, speech: Speech) -> None:
    heard: list[Samples] = []

    async def listen(line: Far) -> None:
        async for event in line.events():
            match event:
                case Audio(chunk):
                    heard.append(chunk.samples())
                case _:
                    pass

    head = "user: {background: babble}\nline: {uplink: {loss: 10%, codec: g711}}\n"
    call = hold(tmp_path, speech, listen, head + "script:\n  - user: Hello there.\n")
    sent = np.concatenate(heard)
    recorded = _channel(call, 0)
    count = min(len(sent), len(recorded))
    assert count > 15_000
    assert (sent[:count] == recorded[:count]).all()


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        (
            "user: {background: beach}\n",
            "'beach' is neither a background nor a file; possible: cafe",
        ),
        ("user: {background: {sound: cafe, snr: 15}}\n", "15 has no unit: write 15dB"),
        ("user: {effects: [telephone]}\n", "unknown effect 'telephone' (did you mean 'phone'?)"),
        ("user: {effects: [{phone: false}]}\n", "'false' would check nothing"),
        ("user: {effects: [gain]}\n", "'gain' needs a value"),
        ("line: {uplink: {loss: 3}}\n", "3 has no unit: write 3%"),
        ("line: {uplink: {burst: 0}}\n", "from 1 to 1000"),
        ("line: {uplink: {dropouts: {every: 1s, for: 2s}}}\n", "nothing would be left"),
        ("line: {uplink: {loss: 100%}}\n", "leaves nothing of the sound"),
        ("line: {uplink: {codec: mp3}}\n", "g711"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    tmp_path: Path, head: str, problem: str, speech: Speech
) -> None:
    from voicetest.errors import ScenarioError

    with pytest.raises(ScenarioError) as refused:
        hold(tmp_path, speech, _nothing, head + SCRIPT)
    assert problem in str(refused.value)
