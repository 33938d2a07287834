"""When this machine had no CPU left."""

from __future__ import annotations

from voicetest.load.saturation import Saturation


def test_only_what_uses_all_cores_is_without_cpu_to_spare() -> None:
    found = Saturation()
    assert not found.sampled(0.0, 1.0, 0.9)
    assert found.sampled(1.0, 2.0, 0.99)


def test_two_seconds_of_it_within_a_call_are_too_many() -> None:
    found = Saturation()
    for second in range(10):
        found.sampled(float(second), second + 1.0, 1.0 if second in (3, 4, 7) else 0.2)
    assert found.between(0.0, 10.0)
    assert found.between(3.0, 5.0)
    assert not found.between(4.0, 7.5)
    assert found.between(4.0, 8.0)
    assert not found.between(5.0, 7.0)
    assert not found.between(8.0, 99.0)


def test_a_call_that_was_shorter_than_that_is_so_if_all_of_it_was() -> None:
    found = Saturation()
    found.sampled(0.0, 1.0, 1.0)
    assert found.between(0.2, 0.9)
    assert not found.between(0.2, 1.5)
    assert not found.between(0.5, 0.5)
