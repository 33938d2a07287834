"""Voices that are far away, with `--offline`: what they have said before, they say again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.calls import Quiet
from voicetest.audio.chunk import Samples
from voicetest.audio.wav import read_span
from voicetest.clock import Clock
from voicetest.executor.kept_voices import KeptVoice
from voicetest.executor.plan import Plan, plan
from voicetest.report.keeping import Keeping
from voicetest.run import run
from voicetest.speech.cache import Cache, key
from voicetest.speech.providers import Speech

CORAL = "openai/coral?base_url=http://127.0.0.1:9/v1"
SCENARIO = """\
version: 1
agent:
  adapter: composable
  stt: pocketsphinx
  tts: espeak/en-us
  llm: openai/gpt-5.4-mini
  simulator: {greeting: Hello., fallback: Well.}
user: {voice: "%s", rate: 1.2}
script:
  - agent
  - user: How do you do?
  - interrupt: Stop it.
    rate: 2
    if_missed: continue
"""


def _plan(folder: Path, speech: Speech) -> Plan:
    file = folder / "scenario.yaml"
    file.write_text(SCENARIO % CORAL)
    return plan(file, {}, speech, offline=True)


def _keep(cache: Cache, sound: Samples, lines: dict[str, float]) -> None:
    """As if the voice had said these lines, each at its rate."""
    with Speech(cache) as speech:
        identity = speech.voice(CORAL).identity
    for text, rate in lines.items():
        cache.put(key({"voice": identity, "text": text, "rate": rate}), sound.tobytes())


def test_a_voice_that_has_said_all_its_lines_says_them_again(
    tmp_path: Path, voice: Samples
) -> None:
    cache = Cache(tmp_path / "cache")
    _keep(cache, voice, {"How do you do?": 1.2, "Stop it.": 2.0})
    with Speech(cache) as speech:
        planned = _plan(tmp_path, speech)
        assert planned.file.warnings == ()
        assert planned.clock is Clock.VIRTUAL
        speaker = planned.world.voice(CORAL)
        assert isinstance(speaker, KeptVoice)
        ears = planned.world.transcriber("pocketsphinx/espeak", ("hello",))
        assert ears.name == "pocketsphinx"
        (tmp_path / "call/segments").mkdir(parents=True)
        kept = Keeping(segments=True)
        assert run(planned, tmp_path / "call", Quiet(), keeping=kept).status == "passed"
        segment = next((tmp_path / "call/segments").glob("*-user.wav"))
        assert (read_span(segment, 0, len(voice))[:, 0] == voice).all()
        other = asyncio.run(speaker.synthesise("Something new"))
        assert other == asyncio.run(speech.voice("espeak/en-us").synthesise("Something new"))
        assert asyncio.run(speaker.said("Something new")) == "Something new"


def test_a_voice_that_lacks_a_line_is_replaced_for_all_of_them_with_a_warning(
    tmp_path: Path, voice: Samples
) -> None:
    cache = Cache(tmp_path / "cache")
    _keep(cache, voice, {"How do you do?": 1.2, "Stop it.": 1.2})
    with Speech(cache) as speech:
        planned = _plan(tmp_path, speech)
        assert planned.world.voice(CORAL).name == "espeak/en-us"
        ears = planned.world.transcriber("pocketsphinx/espeak", ("hello",))
        assert ears.name == "pocketsphinx/espeak"
    (warning,) = planned.file.warnings
    assert str(warning).endswith(
        f"scenario.yaml:12:16: --offline: {CORAL} has not said 1 of its 2 lines before, so "
        "espeak/en-us speaks for it"
    )


def test_local_voices_are_not_looked_for_in_the_cache(tmp_path: Path, speech: Speech) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(SCENARIO % "espeak/en-us+f2")
    planned = plan(file, {}, speech, offline=True)
    assert planned.file.warnings == ()
    assert planned.world.voice("espeak/en-us+f2").name == "espeak/en-us+f2"
