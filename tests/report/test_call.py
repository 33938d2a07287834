"""The folder of one call: everything in it belongs together and holds no secret."""

from __future__ import annotations

import asyncio
import json
import re
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from tests.calls import Far, say, words
from tests.conftest import Speak
from tests.report.conftest import HIDDEN
from tests.report.written import STARTED, Unreachable, Written, samples_of, write
from voicetest.audio.chunk import Samples
from voicetest.audio.edges import clean_edges
from voicetest.audio.vad import detect
from voicetest.call.timeline import LineSpoken
from voicetest.checks.result import Turn
from voicetest.report.call import transcript
from voicetest.speech.providers import Speech

RATE = 24_000


def _level(samples: Samples) -> float:
    """Root mean square; 0 for nothing."""
    return float(np.sqrt(np.mean(np.square(samples.astype(float))))) if len(samples) else 0.0


def test_the_call_went_as_its_agent_was_written(billing: Written) -> None:
    assert billing.result.status == "passed", [c for c in billing.result.checks if not c.passed]
    assert [turn.by for turn in billing.result.turns] == [
        "agent",
        "user",
        "agent",
        "agent",
        "user",
        "agent",
    ]


def test_the_folder_holds_what_the_documents_say(billing: Written) -> None:
    found = sorted(
        path.relative_to(billing.folder).as_posix()
        for path in billing.folder.rglob("*")
        if path.is_file()
    )
    assert found == [
        "events.jsonl",
        "manifest.json",
        "recording.wav",
        "segments/00-agent.wav",
        "segments/01-user.wav",
        "segments/03-agent.wav",  # the turn before it was a tool call without sound
        "segments/04-user.wav",
        "segments/05-agent.wav",
        "transcript.txt",
    ]


# --- sound


def test_the_recording_is_as_long_as_the_call(billing: Written) -> None:
    recording = samples_of(billing.folder / "recording.wav")
    assert recording.shape[1] == 2
    assert len(recording) / RATE == billing.manifest["duration_s"]
    assert max(turn["end_s"] for turn in billing.manifest["turns"]) <= len(recording) / RATE


def test_offsets_of_turns_point_at_the_speech_in_the_recording(billing: Written) -> None:
    recording = samples_of(billing.folder / "recording.wav")
    for turn in billing.manifest["turns"]:
        if turn["file"] is None:
            continue
        channel = recording[:, 0 if turn["by"] == "user" else 1]
        start, end = round(turn["start_s"] * RATE), round(turn["end_s"] * RATE)
        loud = _level(channel[start:end])
        assert loud > 500
        edge = RATE // 10
        assert _level(channel[start : start + edge]) > loud / 10
        assert _level(channel[end - edge : end]) > loud / 10
        assert _level(channel[start - edge : start]) < loud / 50
        assert _level(channel[end : end + edge]) < loud / 50


def test_every_second_of_speech_in_the_recording_is_in_a_turn(billing: Written) -> None:
    recording = samples_of(billing.folder / "recording.wav")
    for channel, by in ((0, "user"), (1, "agent")):
        spans = [(t["start_s"], t["end_s"]) for t in billing.manifest["turns"] if t["by"] == by]
        for segment in detect(recording[:, channel].copy()):
            assert any(
                start - 0.05 <= segment.start and segment.end <= end + 0.05 for start, end in spans
            ), segment


def test_user_segments_are_the_clean_lines(billing: Written, speech: Speech, speak: Speak) -> None:
    spoken = f"I was charged twice, the password is {HIDDEN}."
    first = samples_of(billing.folder / "segments/01-user.wav")[:, 0]
    assert np.array_equal(first, speak(spoken, "en-us+f2"))
    second = samples_of(billing.folder / "segments/04-user.wav")[:, 0]
    assert np.array_equal(second, speak("Yes please.", "en-us+m3"))


def test_user_segments_stand_in_the_recording_where_the_turn_says(billing: Written) -> None:
    recording = samples_of(billing.folder / "recording.wav")[:, 0]
    users = [turn for turn in billing.manifest["turns"] if turn["by"] == "user"]
    assert len(users) == 2
    for turn in users:
        clean = samples_of(billing.folder / turn["file"])[:, 0]
        edges = clean_edges(clean)
        start = round((turn["start_s"] - edges.start) * RATE)
        assert np.array_equal(recording[start : start + len(clean)], clean)
        assert turn["end_s"] - turn["start_s"] == pytest.approx(edges.end - edges.start)


def test_agent_segments_are_what_was_heard(billing: Written) -> None:
    recording = samples_of(billing.folder / "recording.wav")[:, 1]
    for turn in billing.manifest["turns"]:
        if turn["by"] == "agent" and turn["file"] is not None:
            heard = samples_of(billing.folder / turn["file"])[:, 0]
            start, end = round(turn["start_s"] * RATE), round(turn["end_s"] * RATE)
            assert np.array_equal(heard, recording[start:end])


def test_files_are_listed_with_their_checksums_and_formats(billing: Written) -> None:
    listed = {file["path"]: file for file in billing.manifest["files"]}
    on_disk = {
        path.relative_to(billing.folder).as_posix(): path
        for path in billing.folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert list(listed) == sorted(on_disk)
    for name, path in on_disk.items():
        content = path.read_bytes()
        assert listed[name]["sha256"] == sha256(content).hexdigest()
        assert listed[name]["bytes"] == len(content)
        sound = [listed[name][key] for key in ("sample_rate", "channels", "duration_s")]
        if path.suffix == ".wav":
            samples = samples_of(path)
            assert sound == [RATE, samples.shape[1], len(samples) / RATE]
        else:
            assert sound == [None, None, None]


# --- what the manifest says


def test_the_manifest_says_what_was_run(billing: Written) -> None:
    scenario = billing.manifest["scenario"]
    assert scenario["name"] == "A double charge of 42 dollars"
    assert scenario["tags"] == ["billing", "smoke"]
    assert scenario["vars"] == {"amount": "42", "pass": "${env.BILLING_PASSPHRASE}"}
    assert (scenario["seed"], scenario["case"]) == (7, None)
    content = billing.file.path.read_bytes()
    assert scenario["sha256"] == sha256(content).hexdigest()
    assert billing.manifest["started_at"] == STARTED.isoformat()
    assert billing.manifest["clock"] == "virtual"


def test_the_manifest_says_how_the_agent_was_reached(billing: Written) -> None:
    adapter = billing.manifest["adapter"]
    assert adapter["name"] == "scripted"
    assert adapter["settings"] == {"api_key": "${env.BILLING_PASSPHRASE}", "region": "eu"}
    assert adapter["sends"] == ["Audio", "Dtmf", "Text", "ToolResult"]
    assert "Transcript" in adapter["receives"]
    assert (adapter["speaks"], adapter["hears"]) == ("pcm16/24000", "pcm16/24000")
    assert adapter["continuous"] is True
    assert adapter["user_audio_sent"] is True
    assert adapter["sdk"] == {}


def test_the_manifest_is_what_the_result_says_with_secrets_masked(billing: Written) -> None:
    result = json.loads(billing.result.model_dump_json())
    masked = billing.file.secrets.mask_value(result)
    told = {name: billing.manifest[name] for name in result}
    told["turns"] = [turn | {"sound": None} for turn in told["turns"]]  # known from its file
    assert told == masked


def test_the_manifest_that_is_handed_back_is_the_one_on_disk(billing: Written) -> None:
    told = billing.manifest | {"sha256": None}
    assert json.loads(billing.returned.model_dump_json()) == told


def test_turns_tools_and_metrics_agree_with_each_other(billing: Written) -> None:
    manifest = billing.manifest
    (tool,) = manifest["tool_calls"]
    assert manifest["turns"][tool["turn"]]["by"] == "agent"
    assert tool["at_s"] == pytest.approx(manifest["turns"][tool["turn"]]["start_s"], abs=0.001)
    latencies = [turn["response_latency_s"] for turn in manifest["turns"]]
    known = [latency for latency in latencies if latency is not None]
    assert manifest["metrics"]["response_latency"]["values"] == known
    assert manifest["metrics"]["turns"]["values"] == [4]
    assert manifest["harness"]["frames_sent"] == round(manifest["duration_s"] / 0.02)


# --- secrets


def test_no_file_holds_a_secret(billing: Written) -> None:
    texts = [
        path for path in billing.folder.rglob("*") if path.suffix in {".json", ".jsonl", ".txt"}
    ]
    assert len(texts) == 3
    for path in texts:
        assert HIDDEN not in path.read_text(encoding="utf-8"), path.name
    for path in billing.folder.rglob("*"):
        assert path.is_dir() or HIDDEN.encode() not in path.read_bytes(), path.name


def test_a_field_with_a_secret_stands_as_written_and_a_mask_elsewhere(billing: Written) -> None:
    manifest = billing.manifest
    said = "I was charged twice, the password is ${env.BILLING_PASSPHRASE}."
    assert manifest["turns"][1]["said"] == said
    assert manifest["turns"][3]["transcript"] == "Your refund for *** is on its way."
    (tool,) = manifest["tool_calls"]
    assert tool["arguments"] == '{"password": "***"}'
    assert tool["result"] == '{"amount": 42, "key": "***"}'
    assert '"***"' in [check["expected"] for check in manifest["checks"]]
    assert "the password is ${env.BILLING_PASSPHRASE}." in billing.text("transcript.txt")
    assert "the password is ${env.BILLING_PASSPHRASE}." in billing.text("events.jsonl")
    assert json.dumps('{"password": "***"}') in billing.text("events.jsonl")


def test_a_text_with_a_short_secret_is_written_back_as_it_stands_in_the_file(
    tmp_path: Path, speech: Speech
) -> None:
    scenario = "version: 1\nagent: {adapter: scripted}\nscript:\n  - user: It is ${env.MY_PIN}.\n"
    call = write(tmp_path, speech, scenario, lambda line: asyncio.sleep(99), {"MY_PIN": "9182"})
    assert call.manifest["turns"][0]["said"] == "It is ${env.MY_PIN}."
    assert "9182" not in call.text("transcript.txt")


@pytest.mark.parametrize(
    ("name", "value"),
    [("MY_AGENT", "agent"), ("MY_API_KEY", "platform"), ("MY_API_KEY", "segments")],
)
def test_a_secret_that_is_a_word_of_the_manifest_leaves_the_manifest_as_it_is(
    tmp_path: Path, speech: Speech, speak: Speak, name: str, value: str
) -> None:
    sound = speak("Hello and welcome to billing", "en-us")
    scenario = (
        f"version: 1\nagent:\n  adapter: scripted\n  room: ${{env.{name}}}\nscript:\n  - agent\n"
    )
    call = write(
        tmp_path, speech, scenario, lambda line: say(line, "Hi.", words(0.8, sound)), {name: value}
    )
    (turn,) = call.manifest["turns"]
    assert (turn["by"], turn["transcript_source"]) == ("agent", "platform")
    assert turn["file"] == "segments/00-agent.wav"


# --- texts beside the manifest


def test_the_transcript_is_one_line_a_turn(billing: Written) -> None:
    lines = billing.text("transcript.txt").splitlines()
    assert len(lines) == len(billing.manifest["turns"])
    assert re.fullmatch(r"\[ +0\.4\d - +1\.\d\d\] agent: Thank you for calling\.", lines[0])
    assert lines[1].partition("] ")[2].startswith("user : I was charged twice")
    assert lines[2].endswith("agent: (no text)")


def test_a_transcript_of_no_turns_is_empty() -> None:
    assert transcript([]) == ""


def test_the_transcript_shows_times_to_the_hundredth(billing: Written) -> None:
    turn: Turn = billing.result.turns[0].model_copy(update={"start_s": 61.237, "end_s": 600.0})
    assert transcript([turn]) == "[  61.24 -  600.00] agent: Thank you for calling.\n"


def test_events_are_json_lines_in_the_order_they_became_known(billing: Written) -> None:
    events = [json.loads(line) for line in billing.text("events.jsonl").splitlines()]
    assert len(events) == len(billing.record.entries)
    assert [event["at"] for event in events] == [
        round(entry.at, 6) for entry in billing.record.entries
    ]
    kinds = {event["type"] for event in events}
    assert kinds >= {
        "user_start_speaking",
        "user_stop_speaking",
        "agent_start_speaking",
        "agent_stop_speaking",
        "transcript",
        "tool_call",
        "tool_result",
        "hangup",
    }


# --- calls that did not go well


def test_lines_that_were_never_spoken_leave_no_file(
    tmp_path: Path, speech: Speech, speak: Speak
) -> None:
    sound = speak("Goodbye, and thank you for calling", "en-us")

    async def leave(line: Far) -> None:
        await say(line, "Bye.", words(0.5, sound))
        await line.hang_up()

    scenario = (
        "version: 1\nagent: {adapter: scripted}\n"
        "script:\n  - agent\n  - user: Wait!\n  - user: Are you there?\n"
    )
    call = write(tmp_path, speech, scenario, leave)
    assert sorted(path.name for path in (call.folder / "segments").iterdir()) == ["00-agent.wav"]
    assert not any(isinstance(entry.what, LineSpoken) for entry in call.record.entries)
    assert call.manifest["status"] == "failed"


def test_a_call_that_was_refused_leaves_a_manifest_and_a_recording_of_nothing(
    tmp_path: Path, speech: Speech
) -> None:
    scenario = "version: 1\nagent: {adapter: scripted}\nscript:\n  - user: Hello?\n"
    call = write(tmp_path, speech, scenario, Unreachable())
    manifest = call.manifest
    assert (manifest["status"], manifest["duration_s"]) == ("error", 0.0)
    assert manifest["errors"][0]["kind"] == "connection"
    assert manifest["errors"][0]["where"] == "dialling"
    assert (manifest["harness"], manifest["turns"], manifest["checks"]) == (None, [], [])
    assert manifest["termination"]["by"] is None
    assert manifest["adapter"]["user_audio_sent"] is False
    assert samples_of(call.folder / "recording.wav").shape == (0, 2)
    assert list((call.folder / "segments").iterdir()) == []


def test_a_broken_line_keeps_what_was_said_before_it(
    tmp_path: Path, speech: Speech, speak: Speak
) -> None:
    sound = speak("Hello and welcome to billing", "en-us")

    async def crash(line: Far) -> None:
        await say(line, "Hello.", words(0.8, sound))
        raise ZeroDivisionError

    scenario = "version: 1\nagent: {adapter: scripted}\nscript:\n  - agent\n  - silence: 5s\n"
    call = write(tmp_path, speech, scenario, crash)
    manifest = call.manifest
    assert manifest["status"] == "error"
    assert manifest["errors"][0]["kind"] == "bug"
    assert "ZeroDivisionError" in manifest["errors"][0]["traceback"]
    assert manifest["turns"][0]["transcript"] == "Hello."
    recording = samples_of(call.folder / "recording.wav")
    assert len(recording) / RATE == manifest["duration_s"]
    assert _level(recording[:, 1]) > 500
