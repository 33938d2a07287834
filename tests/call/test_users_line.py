from __future__ import annotations

import pytest

from voicetest.call.users_line import UsersLine


@pytest.mark.parametrize(
    ("ended", "began", "collides"),
    [
        pytest.param(1.0, 2.2, True, id="0.3 s into the line, after a pause of 1.2 s"),
        pytest.param(1.0, 2.8, False, id="late enough to be for the sake of the line"),
        pytest.param(0.2, 2.0, False, id="after a pause too long for one turn"),
        pytest.param(1.0, 1.8, False, id="before the line"),
        pytest.param(1.95, 2.1, False, id="the agent had not paused when the line began"),
    ],
)
def test_a_user_collides_with_an_agent_that_only_paused(
    ended: float, began: float, collides: bool
) -> None:
    line = UsersLine(1.9, 4.0, over_agent=False)
    assert line.collides(ended, began) is collides


def test_a_word_is_heard_out_that_ends_with_the_line_or_after_it() -> None:
    line = UsersLine(1.0, 4.0, over_agent=False)
    assert [line.heard_out(until) for until in (2.0, 3.7, 3.9, 5.0)] == [False, False, True, True]
    assert [line.covers(at) for at in (1.0, 1.1, 3.9, 4.0)] == [False, True, True, False]
