from __future__ import annotations

import asyncio

from voicetest.agents.keypad import KEY_PAUSE_S, Keyed, Keypad
from voicetest.clock import Clock, run, sleep_until


def _enter(*presses: tuple[float, str]) -> list[tuple[float, str]]:
    """Press keys; each input and when it was complete."""
    entered: list[tuple[float, str]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def enter(keyed: Keyed) -> None:
            entered.append((loop.time(), keyed.keys))

        keypad = Keypad(enter)
        for at, key in presses:
            await sleep_until(at)
            keypad.press(key)
        await asyncio.sleep(KEY_PAUSE_S + 0.1)

    run(main(), Clock.VIRTUAL)
    return entered


def test_the_hash_completes_an_input_at_once() -> None:
    assert _enter((0.0, "1"), (1.0, "2"), (2.0, "#")) == [(2.0, "12#")]


def test_an_input_without_a_hash_is_complete_after_a_pause() -> None:
    assert _enter((0.0, "1"), (1.0, "2"), (3.0, "3")) == [(2.5, "12"), (4.5, "3")]


def test_a_hash_alone_is_an_input_and_a_new_one_begins_after_it() -> None:
    assert _enter((0.0, "#"), (0.5, "1")) == [(0.0, "#"), (2.0, "1")]


def test_an_input_that_is_finished_needs_no_pause() -> None:
    entered: list[str] = []

    async def main() -> None:
        keypad = Keypad(lambda keyed: entered.append(keyed.keys))
        keypad.finish()
        keypad.press("1")
        keypad.finish()
        keypad.finish()
        assert entered == ["1"]
        await asyncio.sleep(KEY_PAUSE_S + 0.1)

    run(main(), Clock.VIRTUAL)
    assert entered == ["1"]
