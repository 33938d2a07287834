"""Runs that are killed, interrupted or told to end, and what is left on the account."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from voicetest.adapters.twilio_marks import mark_of
from voicetest.protocols.twilio import SIMULATED_ACCOUNT

pytestmark = pytest.mark.process

FORMER = {"VoiceUrl": "https://somebody.example/voice", "VoiceMethod": "GET"}
LIMIT_S = 30.0
OVER = {"completed", "busy", "failed", "no-answer", "canceled"}
SCRIPT = "script:\n  - agent\n  - silence: 20s\n"


class Stage:
    """A simulated Twilio in a process of its own, and runs against it."""

    def __init__(self, base_url: str, folder: Path, cache: Path) -> None:
        self._base_url = base_url
        self._folder = folder
        self._environment = os.environ | {
            "VOICETEST_CACHE": str(cache),
            "VOICETEST_STATE": str(folder / "state"),
            "TWILIO_ACCOUNT_SID": SIMULATED_ACCOUNT[0],
            "TWILIO_AUTH_TOKEN": SIMULATED_ACCOUNT[1],
            "PYTHONUNBUFFERED": "1",
        }
        self._client = httpx.Client(
            base_url=f"{base_url}/2010-04-01/Accounts/{SIMULATED_ACCOUNT[0]}",
            auth=SIMULATED_ACCOUNT,
            trust_env=False,
        )
        for sid in self.numbers:
            self._client.post(f"/IncomingPhoneNumbers/{sid}.json", data=FORMER)

    def close(self) -> None:
        """Ask no more."""
        self._client.close()

    @property
    def numbers(self) -> dict[str, tuple[str, str]]:
        """Webhook and method of each number, by SID."""
        found = self._client.get("/IncomingPhoneNumbers.json").json()["incoming_phone_numbers"]
        return {number["sid"]: (number["voice_url"], number["voice_method"]) for number in found}

    @property
    def redirected(self) -> list[str]:
        """The numbers whose calls come to us."""
        return [sid for sid, (url, _) in self.numbers.items() if mark_of(url)]

    @property
    def going_on(self) -> list[str]:
        """The states of the calls that are not over."""
        calls = self._client.get("/Calls.json").json()["calls"]
        return [call["status"] for call in calls if call["status"] not in OVER]

    @property
    def untouched(self) -> bool:
        former = tuple(FORMER.values())
        return all(now == former for now in self.numbers.values()) and not self.going_on

    @property
    def journal(self) -> list[str]:
        return sorted(path.name for path in (self._folder / "state").glob("twilio/*.json"))

    def forget(self) -> None:
        """Lose the journal, as a container does that is made anew for each run."""
        shutil.rmtree(self._folder / "state")

    def run(self, settings: str, script: str = SCRIPT) -> subprocess.Popen[str]:
        """A run that has begun."""
        port = _free_port()
        agent = f"adapter: twilio, base_url: '{self._base_url}', http_port: {port}, {settings}"
        file = self._folder / "scenario.yaml"
        file.write_text(f"version: 1\nagent: {{{agent}}}\n{script}")
        command = [sys.executable, "-m", "voicetest", "run", str(file)]
        return subprocess.Popen(
            [*command, "--out", str(self._folder / "runs")],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
def stage(tmp_path: Path, cache_folder: Path) -> Iterator[Stage]:
    dialogue = tmp_path / "agent.yaml"
    dialogue.write_text("greeting: Hello.\nfallback: Yes.\n")
    command = [sys.executable, "-m", "voicetest", "simulate", "twilio", "--agent", str(dialogue)]
    environment = os.environ | {"VOICETEST_CACHE": str(cache_folder), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*command, "--port", "0"], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"base_url: '(\S+)'", process.stdout.readline())
            assert found
            with closing(Stage(found[1], tmp_path, cache_folder)) as stage:
                yield stage
        finally:
            process.terminate()


def _reaches(process: subprocess.Popen[str], phase: str) -> None:
    """Wait until a run has entered a phase."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip().endswith(phase):
            return
    raise AssertionError(f"it ended before {phase}")


@contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    with process:
        try:
            yield process
        finally:
            process.kill()


def _wait_for(stage: Stage, what: str) -> None:
    """Wait until a state of the account shows, at most 30 s."""
    deadline = time.monotonic() + LIMIT_S
    while not getattr(stage, what):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


TWO = "phone_number: '+15550100001', to: '+15550100002', topology: two_numbers"
DIRECT = "phone_number: '+15550100001', to: '+15550100123'"
WAITS = "phone_number: '+15550100001', direction: answer, allowed_callers: ['+15550100999']"


@pytest.mark.parametrize(
    ("settings", "until"),
    [
        (WAITS, ["redirected"]),
        (TWO, ["redirected"]),
        (TWO, ["redirected", "going_on"]),
        (TWO, ["calling"]),
        (DIRECT, ["going_on"]),
        (DIRECT, ["calling"]),
    ],
)
def test_what_a_killed_run_leaves_is_put_back_by_the_next(
    stage: Stage, settings: str, until: Sequence[str]
) -> None:
    with _ended(stage.run(settings)) as process:
        for what in until:
            if what == "calling":
                _reaches(process, "calling")
            else:
                _wait_for(stage, what)
        process.send_signal(signal.SIGKILL)
    left = stage.journal
    if settings is not DIRECT:
        assert left
        assert stage.redirected
    with _ended(stage.run(DIRECT, "script: [agent, hangup]\n")) as process:
        assert process.wait(LIMIT_S) == 0
    assert stage.untouched
    assert stage.journal == []


def test_what_a_killed_run_leaves_is_put_back_on_a_machine_without_its_journal(
    stage: Stage,
) -> None:
    with _ended(stage.run(TWO)) as process:
        _wait_for(stage, "redirected")
        process.send_signal(signal.SIGKILL)
    stage.forget()
    with _ended(stage.run(TWO, "script: [agent, hangup]\n")) as process:
        said, _ = process.communicate(timeout=LIMIT_S)
        assert process.returncode == 0
    assert "still had the address of a run of voicetest that is no more" in said
    assert stage.untouched
    assert stage.journal == []


@pytest.mark.parametrize("settings", [TWO, DIRECT])
def test_ctrl_c_leaves_nothing_behind(stage: Stage, settings: str) -> None:
    with _ended(stage.run(settings)) as process:
        _reaches(process, "calling")
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert process.wait(LIMIT_S) == 130
        assert time.monotonic() - began < 10
    assert stage.untouched
    assert stage.journal == []


def test_two_runs_do_not_share_a_number(stage: Stage) -> None:
    with _ended(stage.run(WAITS)) as first:
        _wait_for(stage, "redirected")
        with _ended(stage.run(WAITS)) as second:
            said, _ = second.communicate(timeout=LIMIT_S)
            assert second.returncode == 3
            assert "another run of voicetest is using ***0001" in said
        assert stage.redirected  # the first one's
        first.send_signal(signal.SIGINT)
        assert first.wait(LIMIT_S) == 130
    assert stage.untouched


def test_two_runs_on_two_machines_do_not_share_a_number(stage: Stage) -> None:
    with _ended(stage.run(WAITS)) as first:
        _wait_for(stage, "redirected")
        stage.forget()
        with _ended(stage.run(WAITS)) as second:
            said, _ = second.communicate(timeout=LIMIT_S)
            assert second.returncode == 3
            assert "another run of voicetest is using ***0001" in said
        assert stage.redirected  # the first one's
        first.send_signal(signal.SIGINT)
        assert first.wait(LIMIT_S) == 130
    assert stage.untouched


def test_numbers_are_written_nowhere(stage: Stage, tmp_path: Path) -> None:
    with _ended(stage.run(DIRECT, "script: [agent, hangup]\n")) as process:
        said, _ = process.communicate(timeout=LIMIT_S)
        assert process.returncode == 0
    written = [
        path
        for path in (tmp_path / "runs").rglob("*")
        if path.suffix in (".json", ".jsonl", ".txt")
    ]
    assert len(written) >= 4
    for path in written:
        assert "5550100" not in path.read_text(), path
        assert SIMULATED_ACCOUNT[1] not in path.read_text().replace('"simulated"', "")
    assert "5550100" not in said
