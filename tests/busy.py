"""A machine with more to do than it can, and a suite that calls every adapter's simulator on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

__all__ = ["ADAPTERS", "busy", "run_suite", "suite_of"]

DIALOGUE: Mapping[str, Any] = {
    "greeting": "Hello. How can I help you?",
    "rules": [
        {"when": ["parcel"], "say": "It is on its way. Goodbye.", "ends_call": True},
    ],
    "fallback": "Sorry, I did not understand.",
}
LOCAL = "https://agent.invalid/offer"
ADAPTERS: Mapping[str, Mapping[str, Any]] = {
    "composable": {"stt": "pocketsphinx/espeak", "tts": "espeak/en-us", "dialogue": DIALOGUE},
    "elevenlabs": {"agent_id": "agent_1"},
    "elevenlabs_voice": {},
    "gemini_live": {"turn_detection": "automatic"},
    "livekit": {},
    "openai_realtime": {"turn_detection": "server_vad"},
    "pipecat": {"url": "wss://agent.invalid/ws"},
    "twilio": {"phone_number": "+15550100001", "to": "+15550100123"},
    "vapi": {"assistant_id": "parcels"},
    "webrtc": {"signaling_url": LOCAL},
    "websocket": {"url": "wss://agent.invalid/call", "protocol": "json_audio"},
}


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """So many processes that never wait, while the block runs."""
    command = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(command) for _ in range(loops)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
        for process in running:
            process.wait()


def suite_of(folder: Path) -> Path:
    """A folder with a scenario for each adapter, whose agent does all that is expected of it."""
    folder.mkdir()
    for name, settings in ADAPTERS.items():
        agent = {"adapter": name, **settings}
        if "dialogue" not in settings:
            agent["simulator"] = dict(DIALOGUE)
        scenario = {
            "version": 1,
            "name": name,
            "agent": agent | {"response_timeout": "10s"},
            "user": {"voice": "espeak/en-us+m3"},
            "transcriber": "pocketsphinx/espeak",
            "script": [
                {"agent": {"says": "how can I help", "sounds_clean": True}},
                {"user": "Where is my parcel?"},
                {
                    "agent": {
                        "says": "on its way",
                        "never_says": "sorry",
                        "within": "4s",
                        "ends_call": True,
                    }
                },
            ],
            "checks": {"missed_responses": {"max": 0}, "talk_overs": {"max": 0}},
        }
        text = json.dumps(scenario)  # so that what is one object is written out each time
        file = folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump(json.loads(text), sort_keys=False))
    return folder


def run_suite(suite: Path, out: Path, jobs: int, limit_s: float) -> Mapping[str, Mapping[str, Any]]:
    """The manifest of every call of a suite on the real clock, by adapter; ended at the limit."""
    command = [sys.executable, "-m", "voicetest", "run", str(suite), "--offline"]
    command += ["--clock", "real", "--jobs", str(jobs), "--timeout", f"{limit_s:g}s"]
    ran = subprocess.run(
        [*command, "--out", str(out)],
        capture_output=True,
        text=True,
        env=os.environ | {"NO_COLOR": "1"},
        timeout=limit_s + 200,
        check=False,
    )
    assert ran.returncode != 70, ran.stdout
    manifests = (json.loads(file.read_text()) for file in out.glob("20*/*/manifest.json"))
    return {manifest["scenario"]["name"]: manifest for manifest in manifests}
