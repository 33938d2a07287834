from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import Speak
from voicetest.agents.ears import TURN_SILENCE_S, Ears, Heard
from voicetest.audio.chunk import Samples


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * 24_000), np.int16)


def _listen(ears: Ears, line: Samples) -> list[tuple[float, Heard]]:
    """Feed a line in frames of 20 ms; when each turn was complete, and the turn."""
    heard = []
    for start in range(0, len(line), 480):
        turn = ears.feed(line[start : start + 480])
        if turn is not None:
            heard.append(((start + 480) / 24_000, turn))
    return heard


def test_a_turn_is_heard_whole_once_half_a_second_of_silence_has_passed(speak: Speak) -> None:
    words = speak("I was charged twice for my March invoice.", "en-us")
    line = np.concatenate((_silence(1), words, _silence(2)))
    ((at, turn),) = _listen(Ears(), line)
    end = 1 + len(words) / 24_000
    assert at == pytest.approx(end + TURN_SILENCE_S, abs=0.1)
    samples = turn.audio.samples()
    assert len(samples) / 24_000 == pytest.approx(len(words) / 24_000 + 0.4, abs=0.15)
    peak = int(np.abs(samples.astype(int)).max())
    assert peak == int(np.abs(words.astype(int)).max())


def test_two_sentences_with_a_short_pause_are_one_turn(speak: Speak) -> None:
    first, second = speak("Hello.", "en-us"), speak("I have a question.", "en-us")
    line = np.concatenate((_silence(0.5), first, _silence(0.3), second, _silence(1.5)))
    assert len(_listen(Ears(), line)) == 1


def test_two_turns_with_a_long_pause_are_two(speak: Speak) -> None:
    first, second = speak("Hello.", "en-us"), speak("I have a question.", "en-us")
    line = np.concatenate((_silence(0.5), first, _silence(1.5), second, _silence(1.5)))
    turns = _listen(Ears(), line)
    assert len(turns) == 2
    assert turns[1][1].audio.duration == pytest.approx(len(second) / 24_000 + 0.4, abs=0.15)


def test_silence_and_tones_are_no_turns() -> None:
    times = np.arange(3 * 24_000) / 24_000
    ringback = (4000 * (np.sin(2 * np.pi * 440 * times) + np.sin(2 * np.pi * 480 * times))).astype(
        np.int16
    )
    line = np.concatenate((_silence(1), ringback, _silence(2)))
    assert _listen(Ears(), line) == []


def test_how_long_the_user_has_been_speaking_is_known_meanwhile(speak: Speak) -> None:
    ears = Ears()
    words = speak("I was charged twice for my March invoice.", "en-us")
    _listen(ears, _silence(1))
    assert ears.speaking_for == 0
    _listen(ears, words[: round(1.2 * 24_000)])
    assert ears.speaking_for == pytest.approx(1.2, abs=0.25)
    _listen(ears, _silence(0.4))
    assert ears.speaking_for == 0


def test_a_long_quiet_line_is_not_kept(speak: Speak) -> None:
    ears = Ears()
    _listen(ears, _silence(60))
    words = speak("Hello.", "en-us")
    ((_, turn),) = _listen(ears, np.concatenate((words, _silence(1))))
    assert turn.audio.duration < len(words) / 24_000 + 0.6


def test_impatient_ears_give_the_beginning_of_a_turn_and_ignore_its_rest(speak: Speak) -> None:
    words = speak("I was charged twice for my March invoice.", "en-us")
    line = np.concatenate((_silence(1), words, _silence(2), words, _silence(2)))
    first, second = _listen(Ears(patience=0.8), line)
    assert first[0] == pytest.approx(1.8, abs=0.1)
    assert first[1].audio.duration == pytest.approx(0.8 + 0.2, abs=0.1)
    assert second[0] - first[0] == pytest.approx(2 + len(words) / 24_000, abs=0.1)


def test_impatient_ears_do_not_count_the_turn_that_they_gave(speak: Speak) -> None:
    words = speak("I was charged twice for my March invoice.", "en-us")
    ears = Ears(patience=0.8)
    _listen(ears, np.concatenate((_silence(1), words[: round(1.2 * 24_000)])))
    assert ears.speaking
    assert ears.speaking_for == 0


def test_a_turn_shorter_than_the_patience_is_heard_at_its_end(speak: Speak) -> None:
    words = speak("Yes.", "en-us")
    line = np.concatenate((_silence(1), words, _silence(2)))
    assert [at for at, _ in _listen(Ears(patience=3), line)] == [
        at for at, _ in _listen(Ears(), line)
    ]


def test_any_sound_is_noise_but_silence_is_not() -> None:
    ears = Ears()
    ears.feed(np.full(480, 3000, np.int16))
    assert ears.noisy
    ears.feed(np.zeros(480, np.int16))
    assert not ears.noisy
