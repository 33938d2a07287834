"""The limits of a load as JUnit XML: one test case per limit, and one for voicetest itself."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from voicetest.report.load_summary import LimitLine, LoadSummary
from voicetest.report.load_text import result_lines
from voicetest.shown import shown, shown_lines

__all__ = ["load_junit"]


def load_junit(summary: LoadSummary) -> str:
    """A limit that is broken is a failure; what cannot be told is an error."""
    root = ET.Element("testsuites", name="voicetest")
    suite = ET.SubElement(root, "testsuite", name="load", timestamp=shown(summary.started_at))
    for limit in summary.limits:
        suite.append(_limit(limit))
    suite.append(_own(summary))
    counts = {
        "tests": len(summary.limits) + 1,
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
        "skipped": 0,
    }
    for name, count in counts.items():
        suite.set(name, str(count))
        if name != "skipped":
            root.set(name, str(count))
    for element in (root, suite):
        element.set("time", f"{summary.length_s:.3f}")
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _limit(limit: LimitLine) -> ET.Element:
    case = ET.Element("testcase", name=shown(limit.name), classname="load.limits", time="0.000")
    # More starts that were dropped than allowed say nothing of the agent.
    its_own = limit.metric == "dropped" and limit.status == "broken"
    if limit.status != "holds":
        kind = "error" if its_own or limit.status == "unknown" else "failure"
        found = ET.SubElement(case, kind, type=limit.status, message=shown(limit.words))
        found.text = shown_lines(f"{limit.name}: {limit.words}")
    return case


def _own(summary: LoadSummary) -> ET.Element:
    case = ET.Element("testcase", name="voicetest kept time", classname="load", time="0.000")
    if summary.own.status == "broken":
        reason = summary.own.reason
        ET.SubElement(case, "error", type="own", message=shown(reason)).text = shown_lines(reason)
    ET.SubElement(case, "system-out").text = shown_lines("\n".join(result_lines(summary)))
    return case
