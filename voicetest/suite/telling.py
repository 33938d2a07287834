"""Telling people how calls go, without which the calls go on all the same."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec

from voicetest.call.record import CallError
from voicetest.executor.border import Border

__all__ = ["Telling"]

P = ParamSpec("P")


class Telling:
    """Calls what tells something; an error of that ends nothing and is kept."""

    def __init__(self) -> None:
        self._border = Border("telling")

    @property
    def error(self) -> CallError | None:
        """What went wrong first."""
        return self._border.error

    def __call__(self, tell: Callable[P, object], *args: P.args, **options: P.kwargs) -> None:
        """Tell something; a reader that has gone is no error."""
        with self._border, suppress(ConnectionError):
            tell(*args, **options)

    def by(self, tell: Callable[P, object]) -> Callable[P, None]:
        """The same for one way of telling, to be handed on."""

        def told(*args: P.args, **options: P.kwargs) -> None:
            self(tell, *args, **options)

        return told
