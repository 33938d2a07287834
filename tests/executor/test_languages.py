from __future__ import annotations

from pathlib import Path

import pytest

from voicetest.executor.plan import Plan, plan
from voicetest.speech.providers import Speech

LOCAL = (
    "agent: {adapter: composable, stt: pocketsphinx/espeak, tts: espeak/en-us, dialogue: a.yaml}"
)
HOSTED = "agent: {adapter: openai_realtime, simulator: {greeting: Hola.}}"


def _planned(folder: Path, speech: Speech, text: str, *, offline: bool = False) -> Plan:
    (folder / "a.yaml").write_text("greeting: Hello.\n")
    path = folder / "call.yaml"
    path.write_text(f"version: 1\n{text}\n")
    return plan(path, {}, speech, offline=offline)


def _warnings(planned: Plan) -> list[str]:
    return [str(warning) for warning in planned.file.warnings]


@pytest.mark.parametrize("language", ["en", "en-GB"])
def test_english_has_nothing_to_warn_of(tmp_path: Path, speech: Speech, language: str) -> None:
    text = f"language: {language}\n{LOCAL}\nscript: [agent, user: Hi.]"
    assert not _warnings(_planned(tmp_path, speech, text))


@pytest.mark.parametrize("said", ["language: es", "user: {voice: espeak/es}"])
def test_ears_that_know_english_only_are_told_of(tmp_path: Path, speech: Speech, said: str) -> None:
    text = f"{said}\n{HOSTED}\nscript: [agent, user: Quiero ver mi factura.]"
    (warning,) = _warnings(_planned(tmp_path, speech, text, offline=True))
    assert "pocketsphinx/espeak knows no language but en" in warning
    assert "in 'es'" in warning
    assert not _warnings(_planned(tmp_path, speech, text))


def test_a_transcriber_that_does_not_know_the_language_is_told_of(
    tmp_path: Path, speech: Speech
) -> None:
    text = f"language: fr\ntranscriber: pocketsphinx\n{HOSTED}\nscript: [agent]"
    (warning,) = _warnings(_planned(tmp_path, speech, text))
    assert "call.yaml:3:14: pocketsphinx knows no language but en" in warning


def test_a_step_in_another_language_is_told_of_at_its_line(tmp_path: Path, speech: Speech) -> None:
    text = f"{LOCAL}\nscript:\n  - agent\n  - user: Guten Tag.\n    language: de"
    (warning,) = _warnings(_planned(tmp_path, speech, text))
    assert "call.yaml:5:" in warning


def test_numbers_of_a_language_that_is_not_known_are_not_folded(
    tmp_path: Path, speech: Speech
) -> None:
    text = f"language: sv\n{HOSTED}\nscript: [agent]"
    (warning,) = _warnings(_planned(tmp_path, speech, text))
    assert "numbers are not folded in 'sv'" in warning


def test_a_language_without_an_offline_voice_is_told_of(tmp_path: Path, speech: Speech) -> None:
    text = f"language: tlh\n{HOSTED}\nscript: [agent]"
    assert any(
        "no offline voice for 'tlh'" in w for w in _warnings(_planned(tmp_path, speech, text))
    )
