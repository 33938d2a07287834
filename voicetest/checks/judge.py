"""Has a language model judge a call: criteria in, a verdict and a reason for each out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from voicetest.call.record import CallRecord
from voicetest.checks.evidence import evidence
from voicetest.checks.judge_prompt import Opinion, ballot, messages, with_control
from voicetest.checks.judge_sound import LONGEST_S, sound
from voicetest.checks.judgement import Judged, Verdict, Vote
from voicetest.checks.result import Result
from voicetest.checks.view import view
from voicetest.errors import ConnectionFailed, ProtocolError
from voicetest.models.asked import Opens
from voicetest.models.named import model_of
from voicetest.scenario.judge import Judge
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.steps import JudgeStep
from voicetest.spending import Spending

__all__ = ["Bench"]

LONGEST_REASON = 500
_NOT_TAKEN = frozenset({400, 413, 415, 422})
"""What models answer (HTTP) to a kind or an amount of content that they do not take."""


@dataclass(frozen=True)
class _Question:
    """Criteria that are judged together, by the call up to one moment."""

    place: tuple[str | int, ...]
    criteria: Sequence[str]
    step: int | None = None
    until_s: float | None = None


@dataclass
class Bench:
    """A judge at work on one call; what it has found stays when it fails."""

    file: ScenarioFile
    judge: Judge
    result: Result
    record: CallRecord
    opens: Opens
    spending: Spending
    criteria: list[Judged] = field(default_factory=list)
    """What is decided so far."""
    notes: list[str] = field(default_factory=list)
    """What the judge could not be given."""
    listened: bool = False
    """Whether it got the sound; set by the first request that it takes with it."""

    async def sit(self) -> None:
        """Judge every criterion that the call got to.

        Raises ConnectionFailed when the model does not answer, ProtocolError when its answer is
        none, and SetupError when no more may be spent.
        """
        for question in self._questions():
            votes = [await self._vote(question, number) for number in range(self.judge.votes)]
            for place, criterion in enumerate(question.criteria):
                cast = [vote[place] for vote in votes]
                self.criteria.append(self._decided(question, place, criterion, cast))

    def _questions(self) -> Iterator[_Question]:
        steps = view(self.record.entries).steps
        for index, step in enumerate(self.file.scenario.script):
            if isinstance(step, JudgeStep) and index in steps:
                place = ("script", index, "judge")
                yield _Question(place, step.judge, index, steps[index].started_s)
        if self.judge.criteria:
            yield _Question(("judge", "criteria"), self.judge.criteria)

    async def _vote(self, question: _Question, number: int) -> Sequence[Opinion]:
        """One opinion on each criterion, in their order."""
        call = evidence(self.result, self.file.secrets, question.until_s)
        wanted = [self.file.secrets.mask(text) for text in question.criteria]
        criteria, control = with_control(wanted, call)
        heard = self._sound(question.until_s)
        try:
            opinions = await self._ask(criteria, call, heard, number)
            self.listened = self.listened or heard is not None
        except ConnectionFailed as error:
            if heard is None or error.code not in _NOT_TAKEN:
                raise
            self._note("the model does not take sound: it judged by the words alone")
            opinions = await self._ask(criteria, call, None, number)
        if opinions.pop(control).verdict == "holds":
            raise ProtocolError(
                f"the judge '{self.judge.model.use}' cannot be trusted here: it says that the call "
                "took more than seven days, which it is asked to see whether it judges at all"
            )
        return [opinions[number] for number in sorted(opinions)]

    async def _ask(
        self, criteria: Sequence[str], call: str, heard: str | None, number: int
    ) -> dict[int, Opinion]:
        model = model_of(self.judge.model, self.file.scenario.seed + number)
        async with self.opens(model, self.spending) as asked:
            answer = await asked.structured(messages(criteria, call, heard), ballot(len(criteria)))
        return {opinion.criterion: opinion for opinion in answer.opinions}

    def _sound(self, until_s: float | None) -> str | None:
        """What is sent of the recording, if the judge listens."""
        end = self.result.duration_s if until_s is None else until_s
        if not self.judge.listens or self.notes:
            return None
        if end > LONGEST_S:
            self._note(f"more than {LONGEST_S:g} s of sound are not sent: it judged by the words")
            return None
        return sound(self.record.recording, end)

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _decided(
        self, question: _Question, place: int, criterion: str, cast: Sequence[Opinion]
    ) -> Judged:
        votes = tuple(Vote(verdict=o.verdict, reason=_shown(o.reason)) for o in cast)
        verdict, agreement, reason = _tally(votes)
        return Judged(
            criterion=criterion,
            where=self.file.where(*question.place, place),
            step=question.step,
            verdict=verdict,
            agreement=round(agreement, 3),
            reason=reason,
            votes=votes,
        )


def _tally(votes: Sequence[Vote]) -> tuple[Verdict, float, str]:
    """The verdict of more than half of the votes, the share of the largest, and a reason."""
    counts = Counter(vote.verdict for vote in votes)
    verdict, most = counts.most_common(1)[0]
    if 2 * most <= len(votes):
        split = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        return "unclear", most / len(votes), f"no verdict has more than half of the votes: {split}"
    reason = next(vote.reason for vote in votes if vote.verdict == verdict)
    return verdict, most / len(votes), reason


def _shown(reason: str) -> str:
    """A reason as it can be shown: on one line, without what cannot be seen, and not too long."""
    words = " ".join("".join(c if c.isprintable() else " " for c in reason).split())
    return words if len(words) <= LONGEST_REASON else f"{words[: LONGEST_REASON - 1]}…"
