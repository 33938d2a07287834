from __future__ import annotations

import resource

import pytest

from voicetest.errors import SetupError
from voicetest.suite.descriptors import calls_that_fit, raise_limit


def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
    try:
        limit = raise_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == limit == min(hard, 1 << 20)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("wanted", "each", "limit", "fit"),
    [(50, 12, 1024, 50), (500, 12, 1024, 79), (4, 200, 1024, 4), (9, 200, 1024, 4), (9, 0, 70, 9)],
)
def test_as_many_calls_fit_as_there_are_files_for(
    wanted: int, each: int, limit: int, fit: int
) -> None:
    assert calls_that_fit(wanted, each, limit, used=12) == fit


def test_a_call_for_which_there_are_too_few_is_refused_with_the_figure() -> None:
    with pytest.raises(SetupError, match=r"may open 256 files, of which 180 are left.* needs 200"):
        calls_that_fit(3, 200, 256, used=12)
