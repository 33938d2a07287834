from __future__ import annotations

from voicetest.transports.allowance import Allowance
from voicetest.transports.room import Room, Share


def test_so_much_may_come_at_once_and_so_much_a_second_for_ever() -> None:
    allowed = Allowance(most=10, per_s=2)
    assert all(allowed.spend(1, now=0.0) for _ in range(10))
    assert not allowed.spend(1, now=0.0)
    later = Allowance(most=10, per_s=2)
    assert all(later.spend(1, now=0.5 * second) for second in range(1_000))


def test_what_was_not_used_is_not_saved_beyond_the_most() -> None:
    allowed = Allowance(most=10, per_s=2)
    assert allowed.spend(10, now=1_000.0)
    assert not allowed.spend(1, now=1_000.0)


def test_each_share_has_its_free_part_and_all_together_the_rest() -> None:
    room = Room(total=100, free=10)
    one, other, third = Share(room), Share(room), Share(room)
    assert one.hold(110)
    assert other.hold(10)
    assert not other.hold(11)
    assert third.hold(5)


def test_what_is_given_back_can_be_held_by_another() -> None:
    room = Room(total=100, free=10)
    one, other = Share(room), Share(room)
    assert one.hold(110)
    one.hold(0)
    assert other.hold(110)
    assert room.held == 100
