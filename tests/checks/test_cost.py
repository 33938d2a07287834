from __future__ import annotations

import pytest

from voicetest.checks.cost import cost_of, cost_text
from voicetest.spending import Spent


def test_a_call_without_paid_services_has_no_cost() -> None:
    assert cost_of([]) is None


def test_the_requests_of_a_service_are_one_sum() -> None:
    cost = cost_of([Spent("model", 10, 2, 0.25), Spent("model", 20, 3, 0.5)])
    assert cost is not None
    (service,) = cost.services
    assert (service.requests, service.tokens_in, service.tokens_out) == (2, 30, 5)
    assert cost.usd == service.usd == 0.75
    assert cost.complete
    assert cost_text(cost) == "$0.7500"


def test_what_has_no_price_is_named() -> None:
    cost = cost_of([Spent("model", 1, 1, 0.5), Spent("voice", characters=9), Spent("model")])
    assert cost is not None
    assert not cost.complete
    assert cost.usd == pytest.approx(0.5)
    assert [service.usd for service in cost.services] == [None, None]
    assert cost.services[1].characters == 9
    assert cost_text(cost) == "$0.5000 and what model, voice costs"
