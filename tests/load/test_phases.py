"""When a line was dialled and over, from what a call tells, whenever that arrives."""

from __future__ import annotations

import asyncio

from voicetest.load.phases import Phases
from voicetest.report.progress import Notice


class _Line:
    def __init__(self) -> None:
        self.told: list[tuple[str, float]] = []

    def dialled(self, at: float) -> None:
        self.told.append(("dialled", at))

    def hung_up(self, at: float) -> None:
        self.told.append(("hung up", at))


def _told(*notices: Notice) -> tuple[list[tuple[str, float]], float | None]:
    line = _Line()

    async def main() -> float | None:
        phases = Phases(line, asyncio.get_running_loop())
        for notice in notices:
            phases.take(notice)
        await asyncio.sleep(0)
        return phases.connect_s

    connect_s = asyncio.run(main())
    return line.told, connect_s


def test_a_line_is_ready_when_the_call_begins() -> None:
    found = _told(
        Notice(1, phase="preparing", at=1.0),
        Notice(1, phase="dialling", at=2.0),
        Notice(1, doing="  0.1s  agent is speaking"),
        Notice(1, phase="calling", at=2.5),
    )
    assert found == ([("dialled", 2.0)], 0.5)


def test_it_is_over_when_the_call_is_looked_at() -> None:
    told, connect_s = _told(
        Notice(1, phase="dialling", at=2.0),
        Notice(1, phase="calling", at=2.25),
        Notice(1, phase="listening again", at=9.0),
    )
    assert (told, connect_s) == ([("dialled", 2.0), ("hung up", 9.0)], 0.25)


def test_a_line_that_was_never_ready_took_no_time_to_connect() -> None:
    told, connect_s = _told(Notice(1, phase="dialling", at=2.0), Notice(1, phase="judging", at=4.0))
    assert (told, connect_s) == ([("dialled", 2.0), ("hung up", 4.0)], None)
