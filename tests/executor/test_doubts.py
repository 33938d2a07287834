"""What is doubtful only for those who know the adapter is a warning too."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicetest.errors import ScenarioError
from voicetest.executor.plan import plan
from voicetest.speech.providers import Speech

DIALOGUE = (
    "dialogue: {rules: [{when: table, tool: {name: book_table, arguments: {}}, say: Booked.}]}"
)


def _warnings(folder: Path, speech: Speech, agent: str, script: str) -> list[str]:
    path = folder / "call.yaml"
    path.write_text(f"version: 1\nagent: {{{agent}}}\n{script}", encoding="utf-8")
    return [f"{w.line}:{w.column}: {w.message}" for w in plan(path, {}, speech).file.warnings]


@pytest.mark.parametrize(
    ("name", "warned"), [("bok_table", True), ("book_table", False), ("send_mail", False)]
)
def test_a_tool_that_is_much_like_one_that_there_is_was_misspelt(
    tmp_path: Path, speech: Speech, name: str, warned: bool
) -> None:
    agent = f"adapter: composable, stt: pocketsphinx/espeak, tts: espeak/en-us, {DIALOGUE}"
    script = f"script:\n  - agent: {{calls_tool: {name}}}\nchecks: {{never_calls: [wipe]}}\n"
    found = _warnings(tmp_path, speech, agent, script)
    wanted = ["4:25: no tool is called 'bok_table' (did you mean 'book_table'?)"] * warned
    assert found == wanted


def test_a_protocol_that_is_not_written_is_told(tmp_path: Path, speech: Speech) -> None:
    agent = "adapter: websocket, url: 'ws://127.0.0.1:9'"
    (told,) = _warnings(tmp_path, speech, agent, "script: [agent]\n")
    assert told.startswith("2:18: 'protocol' is not written, so it is raw_pcm: bare sound")
    with pytest.raises(ScenarioError, match="'protocol' is not written") as caught:
        _warnings(tmp_path, speech, agent, "script:\n  - agent: hello\n")
    assert len(caught.value.problems) == 2
    named = f"{agent}, protocol: raw_pcm"
    assert _warnings(tmp_path, speech, named, "script: [agent]\n") == []


@pytest.mark.parametrize(
    ("voice", "words"),
    [
        ("alloy", "did you mean 'openai/alloy'?"),
        ("espeak/english", "there is: en, en-us, de"),
    ],
)
def test_a_voice_that_is_written_almost_right_names_the_right_one(
    tmp_path: Path, speech: Speech, voice: str, words: str
) -> None:
    agent = f"adapter: composable, stt: pocketsphinx/espeak, tts: espeak/en-us, {DIALOGUE}"
    with pytest.raises(ScenarioError) as caught:
        _warnings(tmp_path, speech, agent, f"user: {{voice: {voice}}}\nscript: [agent]\n")
    assert words in str(caught.value)
    with pytest.raises(ScenarioError, match=r"'stt' is missing here: .* pocketsphinx/espeak"):
        _warnings(tmp_path, speech, f"adapter: composable, {DIALOGUE}", "script: [agent]\n")
