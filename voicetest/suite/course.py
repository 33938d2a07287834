"""One case of a suite on its way to a verdict."""

from __future__ import annotations

from dataclasses import dataclass, field

from voicetest.call.record import CallError
from voicetest.executor.plan import Plan
from voicetest.report.summary import CaseLine, ScenarioLine
from voicetest.scenario.load import ScenarioFile
from voicetest.suite.lines import given_up, given_up_line
from voicetest.suite.repeat import Tally

__all__ = ["Course"]


@dataclass
class Course:
    """One case on its way to a verdict."""

    plan: Plan
    name: str
    """What its folders are called."""
    tally: Tally
    lines: list[ScenarioLine] = field(default_factory=list)
    reason: str = ""
    """That of the last call."""
    lost: CallError | None = None
    """What went wrong with it outside its calls; set once."""
    verdict: CaseLine | None = None
    """Set when no further call of it is needed; those under way still count."""

    @property
    def is_over(self) -> bool:
        """Whether no further call is needed."""
        return self.verdict is not None

    @property
    def needs_verdict(self) -> bool:
        """Whether the calls so far are enough for a verdict, and there is none yet."""
        enough = self.tally.decided is not None or self.tally.made == self.tally.planned
        return enough and self.verdict is None

    @property
    def file(self) -> ScenarioFile:
        """The scenario."""
        return self.plan.file

    @property
    def title(self) -> str:
        """Its name for people, secrets masked."""
        name = self.file.secrets.mask(self.file.scenario.name)
        return name if self.file.case is None else f"{name} [{self.file.shown_case}]"

    def lose(self, error: CallError) -> None:
        """Take note of something that went wrong outside its calls."""
        self.lost = self.lost or error

    def give_up(self, error: CallError) -> None:
        """Its verdict is that error, whatever its calls were like."""
        self.verdict = given_up(self.file, self.tally.planned, error)
        if not self.lines:
            self.lines.append(given_up_line(self.file, error))
