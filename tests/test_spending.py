from __future__ import annotations

import pytest

from voicetest.errors import ExitCode
from voicetest.spending import LimitReached, Spending, Spent, add_up, dollars


def test_what_a_call_costs_counts_for_its_run() -> None:
    run = Spending()
    one, other = Spending(part_of=run), Spending(part_of=run)
    one.add(Spent("a", cost_usd=0.5))
    other.add(Spent("b", cost_usd=0.25))
    assert (one.usd, other.usd, run.usd) == (0.5, 0.25, 0.75)
    assert run.items == (*one.items, *other.items)


def test_a_limit_stops_what_comes_after_it_was_reached() -> None:
    spending = Spending(1.0)
    spending.check("the next one")
    spending.add(Spent("a", cost_usd=1.25))
    with pytest.raises(
        LimitReached, match=r"limits.max_cost is \$1.00 and \$1.25 is spent"
    ) as stop:
        spending.check("the next one")
    assert stop.value.exit_code is ExitCode.SETUP


def test_the_limit_of_the_run_stops_every_call() -> None:
    run = Spending(1.0, "--max-cost")
    Spending(part_of=run).add(Spent("a", cost_usd=1.0))
    with pytest.raises(LimitReached, match="--max-cost"):
        Spending(5.0, part_of=run).check("b")


def test_sums_are_by_service_and_unknown_when_a_part_of_them_is() -> None:
    items = [
        Spent("a", 1, 2, 0.5),
        Spent("b", 3, 4, None),
        Spent("a", 10, 20, 0.25),
        Spent("b", 30, 40, 1.0),
    ]
    assert add_up(items) == (Spent("a", 11, 22, 0.75, 2), Spent("b", 33, 44, None, 2))
    assert add_up([]) == ()


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (0, "$0.00"),
        (0.5, "$0.50"),
        (0.1 + 0.2, "$0.30"),
        (12.3456, "$12.3456"),
        (6.4e-5, "$0.000064"),
    ],
)
def test_amounts_have_as_many_digits_as_they_need(usd: float, text: str) -> None:
    assert dollars(usd) == text
