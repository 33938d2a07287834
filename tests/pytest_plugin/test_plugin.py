"""`pytest scenarios/` runs scenarios, and a run of pytest without any is left in peace."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

Pytest = Callable[..., subprocess.CompletedProcess[str]]

AGENT = "{adapter: composable, stt: pocketsphinx/espeak, tts: espeak/en-us, dialogue: agent.yaml}"
GREETS = f"""\
version: 1
name: The agent greets
tags: [smoke]
agent: {AGENT}
script:
  - agent: {{says: hello}}
"""
FAILS = f"""\
version: 1
name: The agent says what it never says
agent: {AGENT}
limits: {{patience: 100ms}}
script:
  - agent:
      says: goodbye
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two scenarios, a test, and a YAML file that is none of ours."""
    scenarios = tmp_path / "scenarios"
    scenarios.mkdir()
    (scenarios / "greets.yaml").write_text(GREETS)
    (scenarios / "fails.yaml").write_text(FAILS)
    (scenarios / "agent.yaml").write_text("greeting: Hello.\n")
    (scenarios / "compose.yml").write_text('version: "3"\nservices: {}\n')
    (tmp_path / "test_code.py").write_text("def test_code() -> None:\n    pass\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


@pytest.fixture
def run_pytest(project: Path, cache_folder: Path) -> Pytest:
    """Runs pytest in the project as a process of its own."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("GITHUB", "PYTEST"))
        }
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
            cwd=project,
            env=environment | {"VOICETEST_CACHE": str(cache_folder)},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


def test_a_folder_of_scenarios_gives_an_item_each(run_pytest: Pytest, project: Path) -> None:
    done = run_pytest(
        "-v", "scenarios", "--voicetest-junit", "out.xml", "--voicetest-html", "a.html"
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "scenarios/greets.yaml::The agent greets PASSED" in done.stdout
    assert "scenarios/fails.yaml::The agent says what it never says FAILED" in done.stdout
    assert "compose.yml" not in done.stdout
    assert 'fails.yaml:7: says (fail): expected "goodbye"; actual: "Hello."' in done.stdout
    assert "agent: Hello." in done.stdout
    assert "1 failed, 1 passed" in done.stdout
    assert "Traceback" not in done.stdout
    folder = project / "runs" / "latest"
    assert json.loads((folder / "run.json").read_text())["totals"] == {"failed": 1, "passed": 1}
    assert (folder / "greets" / "recording.wav").is_file()
    assert ET.parse(project / "out.xml").getroot().get("failures") == "1"  # noqa: S314
    assert (project / "a.html").is_file()
    assert re.search(r"^calls: runs/\S+$", done.stdout, re.MULTILINE)


def test_tests_and_scenarios_run_beside_each_other(run_pytest: Pytest) -> None:
    done = run_pytest("test_code.py", "scenarios/greets.yaml")
    assert "2 passed" in done.stdout, done.stdout


def test_a_run_that_names_nothing_collects_no_scenario(run_pytest: Pytest, project: Path) -> None:
    done = run_pytest()
    assert "1 passed" in done.stdout
    assert not (project / "runs").exists()


def test_it_can_be_asked_for_by_option_and_by_ini(run_pytest: Pytest, project: Path) -> None:
    assert "3 tests collected" in run_pytest("--voicetest", "--collect-only", "-q").stdout
    (project / "pytest.ini").write_text("[pytest]\nvoicetest = true\n")
    assert "3 tests collected" in run_pytest("--collect-only", "-q").stdout


def test_scenarios_are_chosen_by_keyword_and_tag(run_pytest: Pytest) -> None:
    for words in (["-k", "smoke"], ["--voicetest-tag", "smoke"], ["-k", "greets"]):
        done = run_pytest("scenarios", *words, "--collect-only", "-q")
        assert "1/2 tests collected (1 deselected)" in done.stdout, done.stdout


def test_a_matrix_gives_an_item_per_case(run_pytest: Pytest, project: Path) -> None:
    matrix = GREETS.replace("says: hello", 'says: "${word}"') + "matrix: {word: [hello, goodbye]}\n"
    (project / "scenarios" / "greets.yaml").write_text(matrix)
    done = run_pytest("-v", "scenarios/greets.yaml")
    assert "::The agent greets[word=hello] PASSED" in done.stdout
    assert "::The agent greets[word=goodbye] FAILED" in done.stdout


def test_variables_come_from_a_file_and_from_an_option(run_pytest: Pytest, project: Path) -> None:
    text = GREETS.replace("says: hello", 'says: ["${env.GREETING}", "${word}"]')
    (project / "scenarios" / "greets.yaml").write_text(text + "vars: {word: goodbye}\n")
    (project / "words.env").write_text("GREETING=hello\n")
    words = ["--voicetest-env-file", "words.env", "--voicetest-var", "word=hello"]
    done = run_pytest("scenarios/greets.yaml", *words)
    assert "1 passed" in done.stdout, done.stdout
    lacking = run_pytest("scenarios")
    assert lacking.returncode == 1
    assert "GREETING" in lacking.stdout
    assert "2 failed" in lacking.stdout  # the other one was called all the same


def test_skip_and_xfail_are_those_of_pytest(run_pytest: Pytest, project: Path) -> None:
    (project / "scenarios" / "greets.yaml").write_text(GREETS + "skip: not today\n")
    (project / "scenarios" / "fails.yaml").write_text(FAILS + "xfail: known\n")
    done = run_pytest("scenarios", "-rsx")
    assert done.returncode == 0
    assert "1 skipped, 1 xfailed" in done.stdout
    assert "not today" in done.stdout


def test_a_mistake_in_a_file_stops_the_run_before_anyone_is_called(
    run_pytest: Pytest, project: Path
) -> None:
    (project / "scenarios" / "bad.yaml").write_text("version: 1\nagent: {}\nscript: [agnet]\n")
    done = run_pytest("scenarios")
    assert done.returncode == 2
    assert "bad.yaml:3:10: unknown step 'agnet' (did you mean 'agent'?)" in done.stdout
    assert not (project / "runs").exists()


def test_a_missing_key_fails_the_item_that_needs_it_and_no_other(
    run_pytest: Pytest, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VAPI_API_KEY", raising=False)
    vapi = "version: 1\nagent: {adapter: vapi, assistant_id: a}\nscript: [agent]\n"
    (project / "scenarios" / "vapi.yaml").write_text(vapi)
    done = run_pytest("scenarios")
    assert done.returncode == 1
    assert "2 failed, 1 passed" in done.stdout  # one of the others fails by itself
    assert "error: scenarios/vapi.yaml: there is no key for Vapi" in done.stdout
    assert '"exit_code": 3' in (project / "runs" / "latest" / "run.json").read_text()


def test_options_that_cannot_be_are_usage_errors(run_pytest: Pytest) -> None:
    for words in (["--voicetest-shard", "3/2"], ["--voicetest-var", "a"]):
        assert run_pytest("scenarios", *words).returncode == 4
    done = run_pytest("scenarios", "--voicetest-junit", "test_code.py")
    assert done.returncode == 4
    assert "is no report of voicetest" in done.stderr


def test_a_run_without_scenarios_imports_nothing_of_ours(run_pytest: Pytest, project: Path) -> None:
    (project / "test_code.py").write_text(
        "import sys\n\ndef test_nothing_heavy() -> None:\n"
        "    ours = {name for name in sys.modules if name.startswith('voicetest')}\n"
        "    assert ours == {'voicetest', 'voicetest.version', 'voicetest.pytest_plugin'}\n"
        "    assert not {'numpy', 'pydantic', 'rich', 'litellm'} & {*sys.modules}\n"
    )
    done = run_pytest("test_code.py")
    assert done.returncode == 0, done.stdout


CONFTEST = """\
import os
import pytest

seen = []

@pytest.fixture(scope="session", autouse=True)
def server(request):
    os.environ["GREETING"] = "hello"
    print("session", request.session.name)
    yield
    print("session is over")

@pytest.fixture(scope="module", autouse=True)
def each_file(request):
    print("module", request.module.__name__)

@pytest.fixture(scope="class", autouse=True)
def each_class(request):
    print("class", request.cls)

@pytest.fixture(autouse=True)
def each_case(request, monkeypatch, tmp_path):
    monkeypatch.setenv("PLACE", str(tmp_path))
    print("case", request.node.name, request.function.__name__)

@pytest.fixture
def asked_for():
    print("asked for")
"""


def test_fixtures_that_are_used_everywhere_are_set_up_for_scenarios(
    run_pytest: Pytest, project: Path
) -> None:
    (project / "conftest.py").write_text(CONFTEST)
    (project / "pytest.ini").write_text("[pytest]\nusefixtures = asked_for\n")
    text = GREETS.replace("says: hello", 'says: "${env.GREETING}"')
    (project / "scenarios" / "greets.yaml").write_text(text)
    done = run_pytest("-rP", "scenarios/greets.yaml", "test_code.py")
    assert done.returncode == 0, done.stdout
    for said in ("module greets", "class None", "case The agent greets", "asked for"):
        assert said in done.stdout
    assert done.stdout.count("asked for") == 2
    assert done.stdout.count("session is over") == 1


def test_a_fixture_that_fails_is_an_error_and_nobody_is_called(
    run_pytest: Pytest, project: Path
) -> None:
    broken = "import pytest\n\n@pytest.fixture(autouse=True)\ndef server():\n    raise OSError(1)\n"
    (project / "conftest.py").write_text(broken)
    done = run_pytest("scenarios/greets.yaml")
    assert "1 error" in done.stdout, done.stdout
    assert not (project / "runs").exists()


def test_processes_of_xdist_leave_one_run_with_all_results(
    run_pytest: Pytest, project: Path
) -> None:
    other = project / "scenarios" / "other"
    other.mkdir()
    for name in ("greets.yaml", "agent.yaml"):
        (other / name).write_text((project / "scenarios" / name).read_text())
    (project / "scenarios" / "skipped.yaml").write_text(f"{GREETS}skip: not today\n")
    done = run_pytest(
        *("-n", "2", "scenarios", "--voicetest-html", "a.html", "--voicetest-junit", "out.xml")
    )
    assert "1 failed, 2 passed, 1 skipped" in done.stdout, done.stdout
    runs = [path for path in (project / "runs").iterdir() if not path.is_symlink()]
    assert len(runs) == 1
    summary = json.loads((runs[0] / "run.json").read_text())
    assert summary["totals"] == {"failed": 1, "passed": 2, "skipped": 1}
    called = [line["folder"] for line in summary["scenarios"] if line["folder"] is not None]
    assert sorted(called) == ["fails", "other-greets", "scenarios-greets"]
    assert all((runs[0] / name / "recording.wav").is_file() for name in called)
    assert "-n" in summary["command"]
    assert ET.parse(project / "out.xml").getroot().get("failures") == "1"  # noqa: S314
    assert (project / "a.html").is_file()
    assert done.stdout.count("calls: runs/") == 1


def test_a_secret_on_the_command_line_is_masked_by_the_process_that_knows_it(
    run_pytest: Pytest, project: Path
) -> None:
    text = f'{GREETS}vars: {{word: none, key: "${{env.API_TOKEN}}"}}\n'
    (project / "scenarios" / "greets.yaml").write_text(text)
    (project / "words.env").write_text("API_TOKEN=xylophone-4711\n")
    words = ("--voicetest-env-file", "words.env", "--voicetest-var", "word=xylophone-4711")
    run_pytest("-n", "2", "scenarios/greets.yaml", *words)
    for path in (project / "runs").rglob("*.json"):
        assert "xylophone-4711" not in path.read_text()
    assert json.loads((project / "runs" / "latest" / "run.json").read_text())["cases"]


def test_recordings_stay_as_it_is_asked(run_pytest: Pytest, project: Path) -> None:
    words = ("--voicetest-keep", "failed", "--voicetest-recordings", "flac")
    run_pytest("scenarios", *words, "--voicetest-segments")
    folder = project / "runs" / "latest"
    assert not (folder / "greets" / "recording.wav").exists()
    assert (folder / "fails" / "recording.flac").is_file()
    assert (folder / "fails" / "segments" / "00-agent.wav").is_file()
