"""Takes in the events of a load and says what they come to, also while it goes on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from voicetest.errors import ExitCode
from voicetest.load.columns import Column, Columns, Fate
from voicetest.load.figures import levels, moments, of_stage
from voicetest.load.judging import agent_verdict, held, own_verdict
from voicetest.load.spread import percentile
from voicetest.report.load_events import (
    Begun,
    Dropped,
    Ended,
    LoadEvent,
    LoadPlan,
    Over,
    Sampled,
    StageBegun,
)
from voicetest.report.load_summary import (
    ErrorLine,
    Figures,
    KeptCall,
    LoadSummary,
    OwnFigures,
    ScenarioFigures,
    StageFigures,
    Verdict,
)
from voicetest.report.summary import code_of, overall

__all__ = ["KILLED", "Tally"]

KILLED = "SIGKILL or a crash"
"""What ended a load that could not say so itself."""
_MOST_MESSAGES = 50
"""Different errors that are told apart; each further one is only counted by its kind."""
_MESSAGE_CHARACTERS = 300
_AMOUNT = re.compile(r"[0-9.]+ (?:ms|s|%)")


class Tally:
    """All that is known of a load so far; its fields grow with the events."""

    def __init__(self, plan: LoadPlan) -> None:
        self.plan = plan
        self.columns = Columns()
        self.stage: int | None = None
        """The one that began last."""
        self.kept: list[KeptCall] = []
        self.cost_usd: float | None = None
        self._stages: dict[int, float] = {}
        """When each began."""
        self._last_s = 0.0
        self._over: Over | None = None
        self._errors: Counter[tuple[str, str]] = Counter()
        self._own_errors: Counter[str] = Counter()
        """Errors for which somebody else than the agent has to act, by kind."""
        self._late: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._lost = 0
        self._cut = 0

    def take(self, event: LoadEvent) -> None:
        """Take in one more event."""
        match event:
            case LoadPlan():
                return
            case StageBegun():
                self.stage = event.stage
                self._stages.setdefault(event.stage, event.at_s)
            case Begun():
                self.columns.begun.add(event.at_s, event.stage, event.scenario)
            case Dropped():
                self.columns.drop(event)
                self._dropped[event.why] += 1
            case Ended():
                self._end(event)
            case Sampled():
                self.columns.sample(event)
            case Over():
                self._over = event
        self._last_s = max(self._last_s, event.at_s)

    def _end(self, call: Ended) -> None:
        self.columns.end(call)
        self._lost += call.lost
        self._cut += call.cut
        if call.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + call.cost_usd
        if call.late:
            self._late[_reason(call.late)] += 1
        if call.error in ("setup", "scenario", "bug") and not call.lost:
            self._own_errors[call.error] += 1
        if call.status in ("failed", "error") and not call.cut:
            kind = "lost" if call.lost else call.error or "check"
            told = (kind, call.reason[:_MESSAGE_CHARACTERS])
            if told not in self._errors and len(self._errors) >= _MOST_MESSAGES:
                told = (kind, "other reasons")
            self._errors[told] += 1
        if call.folder is not None:
            name = self.plan.scenarios[call.scenario].name
            self.kept.append(
                KeptCall(
                    call=call.call,
                    folder=call.folder,
                    name=name,
                    at_s=call.begun_s,
                    status=call.status,
                    reason=call.reason,
                )
            )

    @property
    def begun(self) -> int:
        """Calls that began."""
        return len(self.columns.begun)

    def end(self, by: str) -> None:
        """Whatever may still happen, this is the end."""
        self.take(Over(at_s=self._last_s, by=by))

    def so_far(self, stage: int | None = None) -> Figures:
        """The figures of a stage, or of all."""
        return of_stage(self.columns, stage)

    def summary(self, folder: str, interrupted: ExitCode | None = None) -> LoadSummary:
        """All of it; `interrupted` is the exit code by what ended the load from outside."""
        of_all = self.so_far()
        limits = tuple(held(self.plan.limits, self.columns, of_all))
        agent = agent_verdict(limits, of_all)
        lateness = next((reason for reason, _ in self._late.most_common(1)), "")
        own = own_verdict(limits, of_all, self._lost, self._cut_short(), lateness)
        length_s = self._last_s
        bin_s, found = moments(self.columns, length_s)
        return LoadSummary(
            voicetest=self.plan.voicetest,
            command=self.plan.command,
            started_at=self.plan.started_at,
            length_s=round(length_s, 3),
            folder=folder,
            exit_code=self._exit_code(agent, own, of_all, interrupted),
            ended_by=KILLED if self._over is None else self._over.by,
            agent=agent,
            own=own,
            limits=limits,
            scenarios=tuple(self._scenarios()),
            figures=of_all,
            stages=tuple(self._stage_figures()),
            levels=tuple(levels(self.columns)),
            bin_s=bin_s,
            moments=tuple(found),
            errors=tuple(
                ErrorLine(kind=kind, message=message, calls=calls)
                for (kind, message), calls in self._errors.most_common()
            ),
            keeping_time=self._own(),
            kept=tuple(self.kept),
            engine=self.plan.engine,
            cost_usd=None if self.cost_usd is None else round(self.cost_usd, 6),
        )

    def _exit_code(
        self, agent: Verdict, own: Verdict, of_all: Figures, interrupted: ExitCode | None
    ) -> ExitCode:
        if interrupted is not None:
            return interrupted
        if self._over is None:
            return ExitCode.KILLED
        codes = [code_of(kind) for kind in self._own_errors]
        if agent.status == "broken":
            codes.append(ExitCode.FAILED)
        if agent.status == "unknown" or own.status == "broken":
            codes.append(ExitCode.CONNECTION)
        if of_all.begun == 0 and not of_all.dropped:
            return ExitCode.NOTHING_RAN
        return overall(codes or [ExitCode.PASSED])

    def _cut_short(self) -> str:
        """What is missing of the load."""
        if self._over is None:
            return f"it was ended by {KILLED}"
        missing = len(self.plan.stages) - len(self._stages)
        stages = f" before {missing} of {len(self.plan.stages)} stages" if missing else ""
        if self._over.by is not None:
            return f"it was ended by {self._over.by}{stages}"
        return f"{self._cut} calls were not over in time and cut off" if self._cut else ""

    def _scenarios(self) -> Sequence[ScenarioFigures]:
        begun = self.columns.begun["scenario"]
        of_call, fates = self.columns.calls["scenario"], self.columns.calls["fate"]

        def count(index: int, fate: Fate) -> int:
            return int(((of_call == index) & (fates == fate)).sum())

        return [
            ScenarioFigures(
                **planned.model_dump(),
                begun=int((begun == index).sum()),
                ended_well=count(index, Fate.WELL),
                failed=count(index, Fate.FAILED),
                errors=count(index, Fate.ERROR),
            )
            for index, planned in enumerate(self.plan.scenarios)
        ]

    def _stage_figures(self) -> Sequence[StageFigures]:
        return [
            StageFigures(
                words=stage.words,
                calls=stage.calls,
                rate=stage.rate,
                start_s=self._stages.get(index),
                length_s=stage.ramp_s + stage.hold_s,
                figures=self.so_far(index),
            )
            for index, stage in enumerate(self.plan.stages)
        ]

    def _own(self) -> OwnFigures:
        worst = _measured(self.columns.calls["worst"])
        starts = _measured(self.columns.calls["start_late"])
        samples = self.columns.samples
        cpu = samples["cpu"]
        return OwnFigures(
            late_calls=int(self.columns.calls["late"].sum()),
            reasons=dict(self._late.most_common()),
            lateness_p99_ms=percentile(worst, "p99"),
            lateness_max_ms=percentile(worst, "max"),
            start_late_p99_s=percentile(starts, "p99"),
            start_late_max_s=percentile(starts, "max"),
            cpu_mean=round(float(cpu.mean()), 4) if len(cpu) else None,
            cpu_max=_most(cpu),
            busiest_max=_most(samples["busiest"]),
            saturated_s=float(samples["saturated"].sum()),
            lost_calls=self._lost,
            dropped=dict(self._dropped.most_common()),
        )


def _measured(column: Column) -> Column:
    """The values that there are, in order."""
    return np.sort(column[~np.isnan(column)])


def _most(column: Column) -> float | None:
    return round(float(column.max()), 4) if len(column) else None


def _reason(late: str) -> str:
    """How a call was late, without its own numbers, so that many calls have one reason."""
    return _AMOUNT.sub("…", late.partition(", and was late")[0])
