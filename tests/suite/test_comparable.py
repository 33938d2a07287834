"""Only what was measured alike is compared."""

from __future__ import annotations

from typing import Any

import pytest

from tests.report.runs import call, manifest, run_of, turn
from voicetest.checks.result import StepPlace
from voicetest.report.manifest import FileInfo, Manifest
from voicetest.report.stored import StoredRun
from voicetest.suite.comparable import differences

DETECTOR = {"name": "silero", "version": "6", "settings": {"threshold": 0.5}}


def _found(**changes: Any) -> Manifest:
    line = turn(0, "user", "Hello.", file="segments/00-user.wav", step=StepPlace(index=1, line=5))
    sound = FileInfo(path="segments/00-user.wav", sha256="a" * 64, bytes=10)
    values = {"turns": (line,), "files": (sound,), "detector": DETECTOR, "checks_version": 2}
    return manifest("passed", "Billing", **{**values, **changes})


def _run(found: Manifest, **changes: Any) -> StoredRun:
    return run_of(call(found=found, **changes))


def _scenario(**changes: Any) -> dict[str, Any]:
    return {"scenario": _found().scenario.model_copy(update=changes)}


def _adapter(**changes: Any) -> dict[str, Any]:
    adapter = _found().adapter
    assert adapter is not None
    return {"adapter": adapter.model_copy(update=changes)}


def test_two_runs_of_the_same_are_comparable() -> None:
    assert differences(_run(_found()), _run(_found())) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"checks_version": 3}, "what the checks measure has changed (version 2, now 3)"),
        (
            {"detector": {**DETECTOR, "settings": {"threshold": 0.4}}},
            "speech was found in another way (silero 6, now silero 6)",
        ),
        ({"clock": "real"}, "one ran in virtual time, the other in real time"),
        (_scenario(seed=7), "the seed was 0 and is 7"),
        (_adapter(name="vapi"), "the agent was called through websocket, now through vapi"),
        (_adapter(simulated=False), "the agent was simulated and is called"),
        (
            {"files": (FileInfo(path="segments/00-user.wav", sha256="b" * 64, bytes=10),)},
            "the user's recording in step 2 is another: another voice or file",
        ),
        (
            {"turns": (_found().turns[0].model_copy(update={"transcript": "Hi."}),)},
            'the user said "Hello." in step 2, and now "Hi."',
        ),
    ],
)
def test_what_was_measured_otherwise_is_told(changes: dict[str, Any], words: str) -> None:
    assert differences(_run(_found()), _run(_found(**changes))) == [
        f"scenarios/billing.yaml: {words}"
    ]


def test_another_voice_is_told_even_before_a_line_was_spoken() -> None:
    base = _run(_found(**_scenario(sound="1" * 64)))
    assert differences(base, _run(_found(**_scenario(sound="2" * 64)))) == [
        "scenarios/billing.yaml: the user sounds otherwise: another voice, rate, effect, "
        "background or line"
    ]
    # An older version did not say how the user sounded.
    assert differences(base, _run(_found())) == []


def test_a_run_of_an_older_version_is_one_of_the_first_checks() -> None:
    written = _found().model_dump(mode="json")
    del written["checks_version"]
    old = Manifest.model_validate(written)
    (told,) = differences(_run(old), _run(_found()))
    assert "version 1, now 2" in told


def test_a_step_that_one_of_them_did_not_reach_keeps_nothing_from_being_compared() -> None:
    assert differences(_run(_found()), _run(_found(turns=()))) == []


def test_cases_that_only_one_has_and_errors_are_not_held_against_each_other() -> None:
    other = _run(_found(clock="real"), file="scenarios/other.yaml")
    assert differences(_run(_found()), other) == []
    broken = _found(clock="real").model_copy(update={"status": "error"})
    assert differences(_run(_found()), _run(broken)) == []


def test_few_lines_say_enough() -> None:
    base = run_of(*(call(found=_found(), file=f"{n}.yaml") for n in range(15)))
    new = run_of(*(call(found=_found(clock="real"), file=f"{n}.yaml") for n in range(15)))
    told = differences(base, new)
    assert (len(told), told[-1]) == (11, "and 5 more")
