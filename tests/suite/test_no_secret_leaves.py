"""A key that an agent tells back reaches no file and no stream, wherever and however it does so."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.scenario.disguised import DISGUISES
from tests.suite.echoes import PLACES, echoing, echoing_rest
from voicetest.cli import main

PLANTED = "zq8Vw2KxLm4TnRp7yy"
ENCODINGS = ("plain", "percent_all", "base64_user", "json_all", "html_numbers", "hex", "bytes")

CALL = """\
version: 1
name: {name}
agent: {{adapter: {adapter}, {address}: "{url}", headers: {{Authorization: "Bearer ${{env.MINE}}"}},
  response_timeout: 30s{more}}}
tools: [{{name: x, returns: ok}}]
script: [agent: {{says: nothing of that kind, calls_tool: y}}]
limits: {{patience: 100ms, max_duration: 60s}}
"""
VIRTUAL = """\
version: 1
name: {ends}
agent: {{adapter: echoing, key: "${{env.MINE}}", ends: {ends}}}
script: [agent: {{says: nothing}}]
limits: {{patience: 100ms}}
"""
Run = Callable[..., str]


@pytest.fixture
def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs scenarios, also as a process that is `alone`; gives all that it wrote and printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINE", PLANTED)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output.txt"))

    def run(*words: str, alone: bool = False) -> str:
        reports = ["--junit", "junit.xml", "--html", "page.html", "--out", "runs"]
        command = ["voicetest", "run", "scenarios", *reports, *words]
        if alone:
            python = [sys.executable, "-m", *command]
            done = subprocess.run(python, capture_output=True, text=True, check=False)
            return "\n".join([done.stdout, done.stderr, *_written(tmp_path)])
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit):
            main()
        printed = capsys.readouterr()
        return "\n".join([printed.out, printed.err, *_written(tmp_path)])

    return run


def _written(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and "scenarios" not in path.parts:
            yield f"{path}\n{path.read_bytes().decode(errors='replace')}"


def leaks(told: str) -> list[str]:
    """The disguises in which the key stands in a text, whatever the text escapes in them."""
    plain = told.replace("\\\\", "\\").replace("&amp;", "&").casefold()
    return [name for name, echo in DISGUISES.items() if echo(PLANTED).casefold() in plain]


def test_a_leak_would_be_found() -> None:
    for disguise in DISGUISES.values():
        assert leaks(json.dumps({"text": f"xx{disguise(PLANTED)}yy"}))


@pytest.mark.parametrize("words", [["--verbose"], ["--json"]])
def test_what_a_server_echoes_stays_secret(tmp_path: Path, told: Run, words: list[str]) -> None:
    scenarios = tmp_path / "scenarios"
    scenarios.mkdir()
    with echoing() as line, echoing_rest() as rest:
        for encoding in ENCODINGS:
            for what in ("call", "refuse", "redirect"):
                content = CALL.format(
                    name=f"{encoding}-{what}",
                    adapter="websocket",
                    address="url",
                    url=f"ws://127.0.0.1:{line}/{encoding}/{what}",
                    more=", protocol: json_audio",
                )
                (scenarios / f"{encoding}-{what}.yaml").write_text(content, encoding="utf-8")
            content = CALL.format(
                name=f"{encoding}-rest",
                adapter="vapi",
                address="base_url",
                url=f"http://127.0.0.1:{rest}/{encoding}",
                more=", assistant_id: a",
            )
            (scenarios / f"{encoding}-rest.yaml").write_text(content, encoding="utf-8")
        content = CALL.format(
            name="written",
            adapter="websocket",
            address="url",
            url=f"ws://me:{PLANTED}@127.0.0.1:{line}/plain/call?model=m&token={PLANTED}",
            more=", protocol: json_audio",
        ).replace("${env.MINE}", PLANTED)
        (scenarios / "written.yaml").write_text(content, encoding="utf-8")
        found = told("-j", "8", *words, alone=True)
    for encoding in ENCODINGS:
        calls = list(tmp_path.glob(f"runs/2*/{encoding}-call/events.jsonl"))
        events = "".join(path.read_text(encoding="utf-8") for path in calls)
        said = {place for place, message in PLACES.items() if f"{place}." in events}
        assert set(PLACES) - said <= {"unknown_text", "unknown_type"}, said
        assert "close." in events
        (rest_call,) = tmp_path.glob(f"runs/2*/{encoding}-rest/manifest.json")
        assert "rest." in rest_call.read_text(encoding="utf-8")
    assert leaks(found) == []
    assert PLANTED[:10] not in found


@pytest.mark.parametrize("words", [["--verbose"], ["--clock", "real"]])
def test_what_an_agent_in_this_process_says_stays_secret(
    tmp_path: Path, told: Run, words: list[str]
) -> None:
    (tmp_path / "scenarios").mkdir()
    for ends in ("hangup", "failure", "crash"):
        content = VIRTUAL.format(ends=ends)
        (tmp_path / "scenarios" / f"{ends}.yaml").write_text(content, encoding="utf-8")
    found = told(*words)
    for kind in ("Transcript", "ToolCalled", "Status", "Dtmf", "Warned", "Leaving", "Mark"):
        assert f"{kind}.***" in found
    assert "ZeroDivisionError: ***" in found
    assert leaks(found) == []
    assert PLANTED[:10] not in found
