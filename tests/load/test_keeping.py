"""Which calls keep their folder."""

from __future__ import annotations

from voicetest.load.keeping import Keeper
from voicetest.report.keeping import Keep
from voicetest.scenario.load_file import LoadKeep


def test_at_most_so_many_that_failed_stay() -> None:
    keeper = Keeper(LoadKeep(failed=2, sample=0.0), 0)
    found = [keeper.keeps(n, status) for n, status in enumerate(["failed", "passed", "error"] * 2)]
    assert found == [True, False, True, False, False, False]


def test_a_call_of_which_nothing_can_be_said_takes_no_place_of_one_that_failed() -> None:
    keeper = Keeper(LoadKeep(failed=1, sample=0.0), 0)
    assert not keeper.keeps(1, "inconclusive")
    assert keeper.keeps(2, "failed")


def test_the_sample_is_the_same_for_the_same_seed_and_takes_no_place_either() -> None:
    sampled = [Keeper(LoadKeep(failed=0, sample=0.1), 3).keeps(n, "passed") for n in range(2000)]
    again = Keeper(LoadKeep(failed=0, sample=0.1), 3)
    assert sampled == [again.keeps(n, "failed") for n in range(2000)]
    assert 150 < sum(sampled) < 250
    other = Keeper(LoadKeep(failed=0, sample=0.1), 4)
    assert sampled != [other.keeps(n, "passed") for n in range(2000)]


def test_a_sampled_call_keeps_its_recording_however_it_goes() -> None:
    keeper = Keeper(LoadKeep(failed=0, sample=1.0), 0)
    assert keeper.before(1).keep is Keep.ALL
    assert Keeper(LoadKeep(failed=9, sample=0.0), 0).before(1).keep is Keep.FAILED
