"""Whether the limits hold: of the agent, and of the load that voicetest was to make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from voicetest.load.columns import Column, Columns
from voicetest.load.spread import allowed_above, few, percentile
from voicetest.report.load_summary import Figures, LimitLine, LimitStatus, Verdict
from voicetest.scenario.load_limits import COUNTED, Bound

__all__ = ["MOST_LATE", "agent_verdict", "held", "own_verdict"]

MOST_LATE = 0.05
"""Where voicetest was late in more of the calls than this, the load is not what was asked for."""
_WORDS = {
    "response_latency": "response latency",
    "first_word": "first word",
    "stop_time": "stop time",
    "connect": "connect",
    "failed": "failed calls",
    "errors": "calls with errors",
    "dropped": "dropped starts",
}


def held(bounds: Sequence[Bound], columns: Columns, all_calls: Figures) -> Iterator[LimitLine]:
    """Each limit with what was measured.

    What is not known counts both ways: a limit holds, or is broken, only if the times of calls in
    which voicetest was late, and calls of which nothing is known, could not have changed that.
    """
    for bound in bounds:
        if bound.metric in COUNTED:
            yield _counted(bound, all_calls)
        else:
            yield _timed(bound, columns)


def _timed(bound: Bound, columns: Columns) -> LimitLine:
    table = columns.times[bound.metric]
    late = table["late"] != 0
    values: Column = table["value"][~late]
    values.sort()
    n, unknown = len(values), int(late.sum())
    above = int((values > bound.most + 1e-9).sum())
    allowed = allowed_above(bound.statistic, n + unknown)
    status = _status(above, unknown, allowed) if n + unknown else "unknown"
    found = percentile(values, bound.statistic)
    measured = "nothing was measured" if found is None else f"{found:.3f} s"
    notes = [f"n {n}", few(bound.statistic, n), _untold(unknown, "values", status)]
    return LimitLine(
        name=f"{_WORDS[bound.metric]} {bound.statistic}",
        metric=bound.metric,
        statistic=bound.statistic,
        most=bound.most,
        unit="s",
        usual=bound.usual,
        value=found,
        n=n,
        unknown=unknown,
        status=status,
        words=_words(f"at most {bound.most:g} s", measured, notes),
    )


def _counted(bound: Bound, of_all: Figures) -> LimitLine:
    is_share = bound.statistic == "share"
    if bound.metric == "dropped":
        count, n, unknown = of_all.dropped, of_all.begun + of_all.dropped, 0
    else:
        count = of_all.failed if bound.metric == "failed" else of_all.errors
        n, unknown = of_all.begun, of_all.unknown
    allowed = int(bound.most * n + 1e-9) if is_share else int(bound.most)
    status = _status(count, unknown, allowed) if n else "unknown"
    most = f"at most {bound.most * 100:g}%" if is_share else f"at most {bound.most:g}"
    share = f" ({count / n * 100:.3g}%)" if n else ""
    notes = [_untold(unknown, "calls", status)]
    return LimitLine(
        name=_WORDS[bound.metric],
        metric=bound.metric,
        statistic=bound.statistic,
        most=bound.most,
        unit="share" if is_share else "calls",
        usual=bound.usual,
        value=count / n if is_share and n else float(count),
        n=n,
        unknown=unknown,
        status=status,
        words=_words(most, f"{count} of {n}{share}", notes),
    )


def _status(bad: int, unknown: int, allowed: int) -> LimitStatus:
    if bad > allowed:
        return "broken"
    return "holds" if bad + unknown <= allowed else "unknown"


def _untold(unknown: int, what: str, status: LimitStatus) -> str:
    if not unknown:
        return ""
    decides = ", which could decide it" if status == "unknown" else ""
    more = f"1 {what[:-1]} more is" if unknown == 1 else f"{unknown} {what} more are"
    return f"{more} not known{decides}"


def _words(wanted: str, measured: str, notes: Sequence[str]) -> str:
    told = "; ".join(note for note in notes if note)
    return f"{wanted}, measured: {measured}" + (f" ({told})" if told else "")


def agent_verdict(limits: Sequence[LimitLine], of_all: Figures) -> Verdict:
    """Whether the agent kept its limits; starts that were dropped are not its doing."""
    its = [limit for limit in limits if limit.metric != "dropped"]
    broken = [f"{limit.name} {limit.words}" for limit in its if limit.status == "broken"]
    unknown = [f"{limit.name} {limit.words}" for limit in its if limit.status == "unknown"]
    if of_all.begun == 0:
        return Verdict(status="unknown", reason="no call was made")
    if of_all.connected == 0 and of_all.errors:
        return Verdict(status="unknown", reason="the agent was never reached")
    if broken:
        return Verdict(status="broken", reason="; ".join(broken))
    if unknown:
        return Verdict(status="unknown", reason="; ".join(unknown))
    return Verdict(status="fine", reason=f"all {len(its)} limits hold")


def own_verdict(
    limits: Sequence[LimitLine], of_all: Figures, lost: int, cut_short: str, lateness: str
) -> Verdict:
    """Whether the load was the one that was asked for, and voicetest in time.

    `cut_short` says what is missing of the load, and `lateness` how voicetest was late most often;
    empty if nothing is, and if it was not.
    """
    dropped = [limit for limit in limits if limit.metric == "dropped" and limit.status == "broken"]
    late = f"voicetest was late in {of_all.late} of {of_all.begun} calls ({lateness})"
    too_late = of_all.late > MOST_LATE * of_all.begun
    wrong = [
        *([cut_short] if cut_short else []),
        *([f"{late}: load less, or from a machine with more to spare"] if too_late else []),
        *(f"{limit.name}: {limit.words}" for limit in dropped),
        *([f"{lost} calls were lost with the worker that made them"] if lost else []),
    ]
    if wrong:
        return Verdict(status="broken", reason="; ".join(wrong))
    if of_all.late:
        return Verdict(status="unknown", reason=f"{late}, whose times are left out")
    return Verdict(status="fine", reason="voicetest made every call when it was due, and in time")
