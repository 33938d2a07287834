"""The doctor finds what is missing, and shows no secret."""

from __future__ import annotations

import socket
from importlib import metadata
from pathlib import Path

import pytest

from voicetest import registry
from voicetest.adapters.twilio_journal import Change, Journal
from voicetest.suite import doctor
from voicetest.suite.doctor import Finding, State, examine


def _found(topic: str, runs: Path) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(runs) if finding.topic == topic}


def test_a_sound_installation_has_nothing_wrong(tmp_path: Path) -> None:
    assert [finding for finding in examine(tmp_path) if finding.state is State.WRONG] == []


def test_a_key_is_present_or_not_and_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-xylophone-4711")
    monkeypatch.setenv("VAPI_API_KEY", " ")
    keys = _found("keys", tmp_path)
    assert keys["OPENAI_API_KEY"].state is State.FINE
    assert "openai_realtime" in keys["OPENAI_API_KEY"].detail
    assert keys["VAPI_API_KEY"].state is State.ABSENT
    assert not any("xylophone" in str(finding) for finding in examine(tmp_path))


def test_every_adapter_and_every_key_of_one_is_looked_at(tmp_path: Path) -> None:
    lines = _found("adapters", tmp_path)
    assert {*registry.names(registry.ADAPTERS)} == {*lines}
    assert {"ELEVENLABS_API_KEY", "GEMINI_API_KEY"} <= {*_found("keys", tmp_path)}


def test_an_adapter_that_cannot_be_loaded_says_what_to_install(tmp_path: Path) -> None:
    gone = _found("adapters", tmp_path)["gone"]
    assert gone.state is State.ABSENT
    assert "pip install" in gone.detail


def test_a_missing_package_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "requires", lambda name: ["no-such-package>=1", "numpy"])
    packages = _found("packages", tmp_path)
    assert packages["no-such-package"].state is State.WRONG
    assert "pip install no-such-package" in packages["no-such-package"].detail


def test_what_makes_calls_cost_less_is_named_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = {"uvloop": "0.23.0"}

    def version(name: str) -> str:
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(metadata, "requires", lambda name: [])
    monkeypatch.setattr(metadata, "version", version)
    assert _found("packages", tmp_path)["uvloop"].detail.startswith("0.23.0; ")
    del versions["uvloop"]
    missing = _found("packages", tmp_path)["uvloop"]
    assert missing.state is State.ABSENT
    assert missing.detail.endswith("pip install 'voicetest[fast]'")


def test_a_program_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    programs = _found("programs", tmp_path)
    assert str(program) in programs["ffmpeg"].detail
    assert programs["ngrok"].state is State.ABSENT


def test_a_port_in_use_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(doctor, "_PORT", port)
        found = _found("ports", tmp_path)[f"127.0.0.1:{port}"]
    assert found.state is State.ABSENT
    assert "cannot be listened on" in found.detail


def test_a_cache_that_cannot_be_written_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VOICETEST_CACHE", str(tmp_path / "file" / "cache"))
    (found,) = _found("cache", tmp_path).values()
    assert found.state is State.WRONG


def test_a_run_that_was_killed_is_a_leftover(tmp_path: Path) -> None:
    killed, finished = tmp_path / "killed", tmp_path / "finished"
    for run in (killed, finished):
        (run / "billing").mkdir(parents=True)
        (run / "billing" / "events.jsonl").write_text("")
    (finished / "run.json").write_text("{}")
    (tmp_path / "latest").symlink_to(killed)
    (left,) = _found("leftovers", tmp_path).values()
    assert (left.name, left.detail) == (str(killed), "killed: voicetest report shows what it left")
    (nothing,) = _found("leftovers", tmp_path / "nowhere").values()
    assert nothing.state is State.FINE


def test_what_a_crashed_run_has_changed_at_a_platform_is_wrong_until_it_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICETEST_STATE", str(tmp_path))
    monkeypatch.delenv("TWILIO_ACCOUNT_SID", raising=False)
    number, account = "PN" + "1" * 32, "AC" + "2" * 32
    with Journal(tmp_path).entry(number) as entry:
        entry.write(Change("http://127.0.0.1:9", account, number, "https://ours.example"))
    left = _found("leftovers", tmp_path / "runs")[number]
    assert left.state is State.WRONG
    assert account in left.detail
