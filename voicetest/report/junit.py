"""A run as JUnit XML, as CI servers read it.

Format: junit-10.xsd of Jenkins' xUnit plugin, which is what Maven Surefire and pytest write.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from xml.etree import ElementTree as ET

from voicetest.checks.result import Turn
from voicetest.report.call import transcript
from voicetest.report.outcome import Outcome, describe, outcome, unmet
from voicetest.report.stored import StoredCall, StoredRun
from voicetest.shown import shown, shown_lines

__all__ = ["junit"]


def junit(run: StoredRun) -> str:
    """One suite per scenario file, in it one test case per case and repeat."""
    root = ET.Element("testsuites", name="voicetest")
    files: dict[str, list[StoredCall]] = {}
    for call in run.calls:
        files.setdefault(call.line.file, []).append(call)
    suites = [_suite(root, file, calls) for file, calls in files.items()]
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    root.set("time", _seconds(sum(call.line.wall_s for call in run.calls)))
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _suite(root: ET.Element, file: str, calls: Sequence[StoredCall]) -> ET.Element:
    suite = ET.SubElement(root, "testsuite", name=shown(file), file=shown(file))
    kept = [call for call in calls if not call.line.retried]
    for call in kept:
        earlier = [
            other
            for other in calls
            if other.line.retried
            and (other.line.case, other.line.repeat) == (call.line.case, call.line.repeat)
        ]
        suite.append(_case(call, earlier))
    counts = {
        "tests": len(kept),
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
        "skipped": len(suite.findall("testcase/skipped")),
    }
    for name, count in counts.items():
        suite.set(name, str(count))
    suite.set("time", _seconds(sum(call.line.wall_s for call in calls)))
    started = next((call.line.started_at for call in calls if call.line.started_at), None)
    if started is not None:
        suite.set("timestamp", shown(started))
    return suite


def _case(call: StoredCall, earlier: Sequence[StoredCall]) -> ET.Element:
    line = call.line
    case = f" [{line.case}]" if line.case else ""
    repeat = f" #{line.repeat}" if line.repeat is not None else ""
    element = ET.Element(
        "testcase",
        name=shown(f"{line.name}{case}{repeat}"),
        classname=shown(_class_name(line.file)),
        time=_seconds(line.wall_s),
    )
    found = outcome(call)
    for other in earlier:
        # Surefire's words for a test that was run again: it passed in the end, or it did not.
        again = "flakyError" if found is Outcome.PASSED else "rerunError"
        _explain(ET.SubElement(element, again), other, "error")
    _judge(element, call, found)
    if call.manifest is not None:
        turns = call.manifest.turns
        warned = "".join(f"{shown(str(warning))}\n" for warning in call.manifest.warnings)
        head = f"{shown(line.where)}\nfolder: {shown(str(call.folder))}\n{_attached(call)}{warned}"
        told = f"{head}\n{transcript(turns)}{_understood(turns)}"
        ET.SubElement(element, "system-out").text = told
    return element


def _attached(call: StoredCall) -> str:
    """The words by which servers find what belongs to a test: Jenkins, GitLab, Azure."""
    sound = None if call.recording is None else str(call.recording)
    return f"[[ATTACHMENT|{sound}]]\n" if sound is not None and sound == shown(sound) else ""


def _understood(turns: Sequence[Turn]) -> str:
    """What the agent understood of each line of the user, beside what was said."""
    lines = [
        f"[{turn.start_s:7.2f}] said: {shown(turn.said or turn.transcript)}\n"
        f"{'':9} understood: {shown(turn.understood)}\n"
        for turn in turns
        if turn.understood is not None
    ]
    return "\nwhat the agent understood of the user\n" + "".join(lines) if lines else ""


def _judge(element: ET.Element, call: StoredCall, found: Outcome) -> None:
    match found:
        case Outcome.PASSED | Outcome.RETRIED:
            pass
        case Outcome.SKIPPED:
            ET.SubElement(element, "skipped", message=shown(call.line.reason))
        case Outcome.EXPECTED:
            reason = (call.case.xfail if call.case else None) or call.line.reason
            ET.SubElement(element, "skipped", type="xfail", message=shown(reason))
        case Outcome.FAILED:
            _explain(ET.SubElement(element, "failure"), call, found)
        case Outcome.UNEXPECTED:
            reason = call.case.reason if call.case else call.line.reason
            failure = ET.SubElement(element, "failure", type=found, message=shown(reason))
            failure.text = shown_lines(f"{call.line.where}: {reason}")
        case Outcome.TOLERATED:
            failed = call.line.status == "failed"
            _explain(ET.SubElement(element, "flakyFailure" if failed else "flakyError"), call, "")
        case Outcome.ERROR | Outcome.INCONCLUSIVE:
            _explain(ET.SubElement(element, "error"), call, found)


def _explain(element: ET.Element, call: StoredCall, kind: str) -> None:
    """Say why: the first reason in short, then all of them."""
    faults = call.manifest.errors if call.manifest else ()
    first = [fault.kind for fault in faults] + [check.name for check in unmet(call.manifest)]
    element.set("type", shown(first[0] if first else kind or call.line.status))
    told = describe(call.manifest) if call.manifest else []
    if faults:
        told[0] = f"{call.line.where}: {told[0]}"
    told = told or [f"{call.line.where}: {call.line.reason}"]
    element.set("message", shown(told[0]))
    element.text = shown_lines("\n".join(told))


def _class_name(file: str) -> str:
    """`scenarios/billing.yaml` as `scenarios.billing`: servers make a tree of it."""
    parts = PurePath(file).with_suffix("").parts
    return ".".join(part.replace(".", "_") for part in parts if part.strip("./\\")) or file


def _seconds(value: float) -> str:
    return f"{value:.3f}"
