"""Whether all that a load would call may be loaded."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from voicetest.executor.parts import parts_outside, user_outside
from voicetest.executor.plan import Plan
from voicetest.transports.base import is_this_machine

__all__ = ["LoadRefused", "allow", "hosts"]

_IN_BRACKETS = re.compile(r"\(([^()]*)\)$")


class LoadRefused(ValueError):
    """A load that nobody has allowed; the text says what to write."""


def hosts(planned: Plan) -> tuple[str, ...]:
    """Where the calls of a scenario go: hosts, and names of models and voices of others."""
    outside = (
        *parts_outside(planned.file, planned.adapter, planned.world),
        *user_outside(planned.file, planned.world),
    )
    found = ((_IN_BRACKETS.search(what), what) for what in outside)
    return tuple(dict.fromkeys(name[1] if name else what for name, what in found))


def allow(plans: Iterable[Plan], targets: Collection[str], most_calls: int | None) -> None:
    """Raise LoadRefused unless every host but this machine is named, and the calls are limited.

    Nobody's agent is to be loaded by mistake: of a scenario with the wrong address, or without end.
    """
    far = {
        host: planned.file.shown
        for planned in plans
        if not planned.world.offline
        for host in hosts(planned)
        if not is_this_machine(host)
    }
    unnamed = [host for host in far if host not in targets]
    if unnamed:
        wanted = " ".join(f"--target {host}" for host in unnamed)
        cap = "" if most_calls is not None else " and a cap, such as --max-calls 200"
        raise LoadRefused(
            f"{far[unnamed[0]]} calls {', '.join(unnamed)}, which is not this machine: "
            f"if you may load it, write {wanted}{cap}"
        )
    if far and most_calls is None:
        raise LoadRefused(
            f"calls would go to {', '.join(far)}, which is not this machine: "
            "write how many there may be at most, such as --max-calls 200"
        )
