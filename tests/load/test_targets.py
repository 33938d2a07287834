"""Nobody's agent is loaded by mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicetest.executor.plan import Plan, plan
from voicetest.load.targets import LoadRefused, allow, hosts
from voicetest.speech.providers import Speech


def _plan(
    folder: Path, speech: Speech, agent: str, *, extra: str = "", offline: bool = False
) -> Plan:
    path = folder / "s.yaml"
    path.write_text(f"version: 1\nagent: {{{agent}}}\nscript: [agent]\n{extra}")
    return plan(path, {}, speech, "real", offline=offline)


@pytest.mark.parametrize(
    "url", ["ws://127.0.0.1:1/ws", "ws://localhost/ws", "ws://[::1]:8/ws", "ws://127.8.9.1/"]
)
def test_this_machine_needs_no_leave(tmp_path: Path, speech: Speech, url: str) -> None:
    allow([_plan(tmp_path, speech, f'adapter: pipecat, url: "{url}"')], (), None)


@pytest.mark.parametrize(
    "url", ["wss://bot.example.com/ws", "ws://localhost.example.com/ws", "ws://10.0.0.7/ws"]
)
def test_any_other_host_needs_a_target_and_a_cap(tmp_path: Path, speech: Speech, url: str) -> None:
    planned = _plan(tmp_path, speech, f'adapter: pipecat, url: "{url}"')
    (host,) = hosts(planned)
    with pytest.raises(LoadRefused) as refused:
        allow([planned], (), None)
    assert f"write --target {host} and a cap, such as --max-calls 200" in str(refused.value)
    with pytest.raises(LoadRefused, match="--target"):
        allow([planned], ("other.example.com",), 100)
    with pytest.raises(LoadRefused, match="how many there may be at most"):
        allow([planned], (host,), None)
    allow([planned], (host,), 100)


def test_a_language_model_of_others_is_loaded_too(tmp_path: Path, speech: Speech) -> None:
    agent = "adapter: composable, stt: pocketsphinx/espeak, llm: openai/gpt-5.4-mini"
    planned = _plan(tmp_path, speech, f"{agent}, tts: espeak/en-us, system_prompt: Hi")
    assert hosts(planned) == ("openai/gpt-5.4-mini",)
    with pytest.raises(LoadRefused, match=r"--target openai/gpt-5\.4-mini"):
        allow([planned], (), 10)


def test_what_is_simulated_needs_no_leave(tmp_path: Path, speech: Speech) -> None:
    agent = "adapter: pipecat, url: 'wss://bot.example.com/ws', simulator: {greeting: Hello}"
    allow([_plan(tmp_path, speech, agent, offline=True)], (), None)
