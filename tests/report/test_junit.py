"""CI servers can read what a run was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from tests.report.runs import ODD, broken, call, case_of, manifest, run_of, turn, unmet_check
from voicetest.report.junit import junit
from voicetest.report.stored import StoredCall, StoredRun

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).with_name("junit.xsd")))


def _read(run: StoredRun) -> ET.Element:
    text = junit(run)
    SCHEMA.validate(text)
    return ET.fromstring(text.partition("\n")[2])  # noqa: S314  # our own


def _only(run: StoredRun) -> ET.Element:
    (case,) = _read(run).iter("testcase")
    return case


def _of_case(stored: StoredCall, **changes: object) -> StoredCall:
    return replace(stored, case=case_of(stored.line, **changes))


def test_each_case_and_repeat_is_a_test_case_in_the_suite_of_its_file() -> None:
    run = run_of(
        call(case="language=en", repeat=1),
        call(file="scenarios/deep/b.v2.yaml", name="Other"),
        call("failed", case="language=en", repeat=2),
    )
    root = _read(run)
    suites = [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in root]
    assert suites == [("scenarios/billing.yaml", "2", "1"), ("scenarios/deep/b.v2.yaml", "1", "0")]
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert names == [
        ("scenarios.billing", "Billing [language=en] #1"),
        ("scenarios.billing", "Billing [language=en] #2"),
        ("scenarios.deep.b_v2", "Other"),
    ]
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "0")
    assert root.get("time") == "3.750"


def test_a_failure_names_file_and_line_of_every_check() -> None:
    warned = unmet_check(name="within", where="billing.yaml:23", severity="warn", actual="0.7 s")
    found = manifest("failed", "Billing", checks=(unmet_check(), warned, unmet_check(passed=True)))
    failure = _only(run_of(call("failed", found=found))).find("failure")
    assert failure is not None
    assert failure.get("type") == "says"
    assert failure.get("message") == 'billing.yaml:22: says (fail): expected "refund"; actual: "no"'
    assert failure.text is not None
    assert failure.text.splitlines()[1:] == [
        'billing.yaml:23: within (warn): expected "refund"; actual: 0.7 s'
    ]


def test_an_error_is_not_a_failure() -> None:
    found = manifest("error", "Billing", errors=(broken(),))
    root = _read(run_of(call("error", found=found)))
    (suite,) = root
    assert (suite.get("failures"), suite.get("errors")) == ("0", "1")
    error = root.find("testsuite/testcase/error")
    assert error is not None
    assert error.get("type") == "connection"
    assert error.get("message") == (
        "scenarios/billing.yaml:3: connection error: closed with code 1011"
    )


def test_an_inconclusive_call_is_an_error_that_says_so() -> None:
    check = unmet_check(name="within", passed=True, inconclusive=True)
    found = manifest("inconclusive", "Billing", checks=(check,))
    error = _only(run_of(call("inconclusive", found=found))).find("error")
    assert error is not None
    assert "within (inconclusive)" in str(error.get("message"))


def test_a_skipped_scenario_says_why() -> None:
    skipped = _only(run_of(call("skipped", reason="not today"))).find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "not today"


def test_a_failure_that_the_pass_rate_allows_is_flaky_and_fails_nothing() -> None:
    run = run_of(_of_case(call("failed", repeat=2), status="passed"))
    case = _only(run)
    assert [child.tag for child in case] == ["flakyFailure", "system-out"]
    assert _read(run).get("failures") == "0"


def test_an_expected_failure_is_skipped_and_an_unexpected_pass_fails() -> None:
    expected = _only(run_of(_of_case(call("failed"), status="passed", xfail="bug 12")))
    (skipped, _) = expected
    assert (skipped.tag, skipped.get("type"), skipped.get("message")) == (
        "skipped",
        "xfail",
        "bug 12",
    )
    passed = call("passed")
    unexpected = _of_case(passed, status="failed", xfail="bug 12", reason="passed, not expected to")
    failure = _only(run_of(unexpected)).find("failure")
    assert failure is not None
    assert failure.get("message") == "passed, not expected to"


@pytest.mark.parametrize(("last", "tag"), [("passed", "flakyError"), ("error", "rerunError")])
def test_attempts_after_errors_are_one_test_case(last: str, tag: str) -> None:
    first = call("error", found=manifest("error", "Billing", errors=(broken(),)), retried=True)
    again = call("passed" if last == "passed" else "error", attempt=2)
    case = _only(run_of(replace(first, case=again.case), again))
    retried = case.find(tag)
    assert retried is not None
    assert retried.get("type") == "connection"
    assert (case.find("error") is None) is (last == "passed")


def test_what_no_xml_can_hold_does_not_break_the_report() -> None:
    said = turn(0, "agent", "bell \x07 </system-out> & \ud800 \uffff é 😀")
    check = unmet_check(actual="\x00\x1b[31m")
    found = manifest("failed", "Bi\x0blling", checks=(check,), turns=(said,))
    text = junit(run_of(call("failed", name="Bi\x0blling", found=found)))
    text.encode()
    root = ET.fromstring(text.partition("\n")[2])  # noqa: S314  # our own
    out = root.find("testsuite/testcase/system-out")
    assert out is not None
    assert r"bell \u0007 </system-out> & \ud800 \uffff é 😀" in str(out.text)


def test_an_empty_run_is_valid() -> None:
    assert _read(run_of()).get("tests") == "0"


def test_what_a_call_warned_of_stands_before_what_was_said_in_it() -> None:
    case = _only(run_of(call(found=manifest("passed", "Billing", warnings=(ODD,)))))
    told = (case.findtext("system-out") or "").splitlines()
    assert told[2] == "warning at 3.25 s: the map has <no> use for 'a|b' (2 times)"
    assert told[4].endswith("Hello.")


def test_what_the_agent_understood_stands_beside_what_was_said() -> None:
    turns = (turn(0, "user", "Four five.", said="Four five.", understood="for fife"),)
    case = _only(run_of(call(found=manifest("passed", "Billing", turns=turns))))
    told = case.findtext("system-out") or ""
    assert "[   0.00] said: Four five.\n          understood: for fife\n" in told


def test_steps_that_were_not_reached_are_one_line_of_a_failure() -> None:
    missed = [unmet_check(name="reached", step=n, actual="not_reached: over") for n in (3, 4, 6)]
    found = manifest("failed", "Billing", checks=(unmet_check(), *missed))
    failure = _only(run_of(call("failed", found=found))).find("failure")
    assert failure is not None
    assert failure.text is not None
    assert failure.text.count("reached (fail)") == 1
    assert "the call gets to steps 4, 5, 7" in failure.text


def test_a_test_case_leads_to_its_folder_and_its_recording(tmp_path: Path) -> None:
    folder = tmp_path / "runs/one/billing"
    folder.mkdir(parents=True)
    (folder / "recording.wav").write_bytes(b"RIFF")
    told = _only(run_of(replace(call(), folder=folder))).findtext("system-out") or ""
    assert f"folder: {folder}\n" in told
    assert f"[[ATTACHMENT|{folder / 'recording.wav'}]]\n" in told
