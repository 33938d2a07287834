"""Each fault, and the same call with a healthy agent."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.agents.line import Call, Near, call, dialogue_of, talk
from tests.conftest import Speak
from voicetest.agents.dialogue import Dialogue, dialogue_schema
from voicetest.agents.faults import HEALTHY, Faults
from voicetest.agents.quirks import QUIRKS
from voicetest.audio.chunk import Samples
from voicetest.audio.edges import clean_edges
from voicetest.clock import sleep_until
from voicetest.errors import ScenarioError
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Dtmf,
    Event,
    Hangup,
    ToolCalled,
    Transcript,
    Warned,
)
from voicetest.speech.providers import Speech

GREETING = "Thank you for calling Northwind billing, how can I help you today?"
ANSWER = "I am sorry about that. What is the number of the invoice?"
DIALOGUE = f"""
greeting: {GREETING}
rules:
  - when: charged twice
    tool: {{name: lookup}}
    say: {ANSWER}
  - keys: "1"
    say: Billing.
"""
SPOKEN_AT = 6.0
KNOCK = (np.random.default_rng(1).normal(size=1200) * 8000).astype(np.int16)
"""50 ms of noise."""


@pytest.fixture
def words(speak: Speak) -> Samples:
    return speak("I was charged twice for my March invoice.", "en-us+f2")


class _Caller:
    """Calls the same agent with and without faults."""

    def __init__(self, speech: Speech, folder: Path) -> None:
        self._speech = speech
        self._folder = folder

    def call(
        self,
        sound: Samples,
        faults: str = "",
        *,
        at: float = SPOKEN_AT,
        until: float = 18.0,
        paced: bool = False,
    ) -> Call:
        """Make a sound at a time; `faults` is a list as a file has it."""
        dialogue = dialogue_of(self._folder, f"{DIALOGUE}faults: [{faults}]\n")
        behave = lambda line: talk(line, sound, at, until)  # noqa: E731
        return call(self._speech, dialogue, behave, paced=paced)

    def press(self, faults: str = "") -> Call:
        """Press a key once the greeting is over."""
        dialogue = dialogue_of(self._folder, f"{DIALOGUE}faults: [{faults}]\n")

        async def behave(line: Near) -> None:
            await sleep_until(SPOKEN_AT)
            await line.send(Dtmf("1"))
            await sleep_until(SPOKEN_AT + 4)

        return call(self._speech, dialogue, behave)


@pytest.fixture
def caller(speech: Speech, tmp_path: Path) -> _Caller:
    return _Caller(speech, tmp_path)


def _sounds(of: Call) -> list[tuple[float, float]]:
    """When each sound began and how long it is, on a bursty line."""
    return [(at, e.chunk.duration) for at, e in of.heard if isinstance(e, Audio)]


def _tail(of: Call, kinds: int) -> list[type[Event]]:
    return of.kinds[-kinds:]


def test_an_agent_that_never_yields_speaks_on(caller: _Caller, words: Samples) -> None:
    healthy = caller.call(words, at=1.0, until=9.0)
    assert healthy.at(Cleared) == [pytest.approx(1.3, abs=0.15)]
    assert clean_edges(healthy.listened(3)).end < 1.6
    stubborn = caller.call(words, "never_yields", at=1.0, until=12.0)
    assert not stubborn.at(Cleared)
    ((start, length), (answered, _)) = _sounds(stubborn)
    assert clean_edges(stubborn.listened(start + length)).end > length - 0.5
    assert stubborn.said == [GREETING, ANSWER]
    assert answered >= start + length


@pytest.mark.parametrize(("faults", "seconds"), [("slow", 3.0), ("slow: 5s", 5.0)])
def test_a_slow_agent_takes_longer_to_answer(
    caller: _Caller, words: Samples, faults: str, seconds: float
) -> None:
    healthy, slow = caller.call(words), caller.call(words, faults, until=20.0)
    assert healthy.said == slow.said == [GREETING, ANSWER]
    late = slow.at(Audio)[1] - healthy.at(Audio)[1]
    assert late == pytest.approx(seconds, abs=0.001)


def test_a_mute_agent_does_everything_but_speak(caller: _Caller, words: Samples) -> None:
    healthy, mute = caller.call(words), caller.call(words, "mute")
    assert healthy.at(Audio)
    assert mute.kinds == [
        AgentTurnStarted,
        AgentTurnEnded,
        Transcript,
        AgentTurnStarted,
        ToolCalled,
        AgentTurnEnded,
    ]
    assert mute.said == []
    assert mute.spoke == []
    assert mute.at(AgentTurnEnded) == healthy.at(AgentTurnEnded)


def test_a_mute_agent_on_a_paced_line_takes_the_time_of_its_words(
    caller: _Caller, words: Samples
) -> None:
    healthy, mute = caller.call(words, paced=True), caller.call(words, "mute", paced=True)
    assert not mute.at(Audio)
    assert mute.at(AgentTurnEnded) == healthy.at(AgentTurnEnded)
    assert mute.at(AgentTurnEnded)[0] > 2


@pytest.mark.parametrize("paced", [False, True])
@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [("unheard", 0, 0), ("unheard: zeros", 0, 0), ("unheard: noise", 1_500, 9_000)],
)
def test_an_unheard_answer_is_told_and_takes_as_long_and_only_the_greeting_is_heard(
    caller: _Caller, words: Samples, fault: str, least: int, most: int, paced: bool
) -> None:
    healthy, unheard = caller.call(words, paced=paced), caller.call(words, fault, paced=paced)
    assert unheard.said == healthy.said == [GREETING, ANSWER]
    assert unheard.at(AgentTurnEnded) == healthy.at(AgentTurnEnded)
    assert unheard.spoke == healthy.spoke[:1]
    begun = unheard.at(AgentTurnStarted)[1]
    sound = [event.chunk for at, event in unheard.heard if isinstance(event, Audio) and at >= begun]
    assert bool(sound) is (fault != "unheard")
    loudest = max((int(np.abs(chunk.samples()).max()) for chunk in sound), default=0)
    assert least <= loudest <= most


def test_noise_under_the_voice_never_pauses_in_real_time(caller: _Caller, words: Samples) -> None:
    noisy = caller.call(words, "background: -40dB", paced=True)
    healthy = caller.call(words, paced=True)
    sent = [(at, event.chunk) for at, event in noisy.heard if isinstance(event, Audio)]
    assert noisy.said == [GREETING, ANSWER]
    total = sum(chunk.duration for _, chunk in sent)
    assert total == pytest.approx(18.0, abs=0.03)  # one second of sound in each
    for (at, chunk), (after, _) in pairwise(sent):
        assert after == pytest.approx(at + chunk.duration, abs=0.0201)
    levels = [float(np.sqrt(np.square(chunk.samples().astype(float)).mean())) for _, chunk in sent]
    quietest = 20 * np.log10(min(levels) / 32_768)
    assert -52 < quietest < -40
    assert [spoke.end_s for spoke in noisy.spoke] == pytest.approx(
        [spoke.end_s for spoke in healthy.spoke], abs=0.021
    )


def test_noise_is_under_the_voice_alone_where_sound_comes_faster(
    caller: _Caller, words: Samples
) -> None:
    healthy, noisy = caller.call(words), caller.call(words, "background")
    assert _sounds(noisy) == _sounds(healthy)
    for (_, plain), (_, event) in zip(healthy.heard, noisy.heard, strict=True):
        if isinstance(plain, Audio) and isinstance(event, Audio):
            added = event.chunk.samples().astype(float) - plain.chunk.samples()
            level = 20 * np.log10(np.sqrt(np.square(added).mean()) / 32_768)
            assert level == pytest.approx(-45, abs=1.5)


def test_an_agent_that_repeats_says_each_answer_twice(caller: _Caller, words: Samples) -> None:
    healthy, twice = caller.call(words), caller.call(words, "repeats")
    assert healthy.said == [GREETING, ANSWER]
    assert twice.said == [GREETING, ANSWER, ANSWER]
    assert len(twice.at(AgentTurnStarted)) == len(twice.at(AgentTurnEnded)) == 2
    (_, (first, length), (second, _)) = _sounds(twice)
    assert second == pytest.approx(first + length, abs=0.001)


@pytest.mark.parametrize("paced", [False, True])
def test_an_agent_that_cuts_off_stops_in_the_middle_and_claims_the_whole(
    caller: _Caller, words: Samples, paced: bool
) -> None:
    healthy = caller.call(words, paced=paced)
    cut = caller.call(words, "cuts_off", paced=paced)
    assert cut.said == healthy.said == [GREETING, ANSWER]
    assert _tail(cut, 1) == [AgentTurnEnded]
    assert cut.spoke[0] == healthy.spoke[0]
    whole, half = healthy.spoke[1], cut.spoke[1]
    assert half.start_s == whole.start_s
    share = (half.end_s - half.start_s) / (whole.end_s - whole.start_s)
    assert share == pytest.approx(0.5, abs=0.1)
    assert clean_edges(cut.listened(18)).end == pytest.approx(half.end_s, abs=0.05)


@pytest.mark.parametrize("paced", [False, True])
def test_an_agent_that_drops_the_call_breaks_off_in_its_second_utterance(
    caller: _Caller, words: Samples, paced: bool
) -> None:
    healthy = caller.call(words, paced=paced)
    assert not healthy.at(Hangup)
    dropped = caller.call(words, "drops_call", paced=paced)
    at, last = dropped.heard[-1]
    assert last == Hangup(1011, "", normal=False)
    assert dropped.said == [GREETING, ANSWER]
    assert len(dropped.at(AgentTurnEnded)) == 1
    whole = healthy.spoke[1]
    share = (at - whole.start_s) / (whole.end_s - whole.start_s)
    assert share == pytest.approx(0.5, abs=0.1)
    assert clean_edges(dropped.listened(18)).end <= at + 0.01


def test_which_utterance_breaks_the_line_can_be_said(caller: _Caller, words: Samples) -> None:
    first = caller.call(words, "drops_call: 1")
    assert first.said == [GREETING]
    assert first.heard[-1][1] == Hangup(1011, "", normal=False)
    assert first.heard[-1][0] < SPOKEN_AT
    assert not caller.call(words, "drops_call: 3").at(Hangup)


def test_an_agent_that_stalls_says_nothing_more_and_stays_on_the_line(
    caller: _Caller, words: Samples
) -> None:
    healthy, stalled = caller.call(words), caller.call(words, "stalls")
    assert stalled.said == [GREETING, ANSWER]
    assert len(stalled.at(AgentTurnEnded)) == 1
    assert not stalled.at(Hangup)
    (_, whole), (_, part) = _sounds(healthy)[1], _sounds(stalled)[1]
    assert part == pytest.approx(whole / 2, abs=0.001)


def test_an_agent_that_sends_nonsense_speaks_on_after_it(caller: _Caller, words: Samples) -> None:
    broken = caller.call(words, "malformed")
    middle = (broken.spoke[1].start_s + broken.spoke[1].end_s) / 2
    assert broken.at(Warned) == [pytest.approx(middle, abs=0.2)]
    assert len(broken.at(AgentTurnEnded)) == 2


def test_an_agent_that_ignores_keys_says_nothing_to_them(caller: _Caller) -> None:
    assert caller.press().said == [GREETING, "Billing."]
    assert caller.press("ignores_keys").said == [GREETING]


@pytest.mark.parametrize(("faults", "seconds"), [("talks_over", 0.8), ("talks_over: 1200ms", 1.2)])
def test_an_agent_that_talks_over_starts_while_the_user_speaks(
    caller: _Caller, words: Samples, faults: str, seconds: float
) -> None:
    end = SPOKEN_AT + len(words) / 24_000
    healthy, rude = caller.call(words), caller.call(words, faults)
    assert healthy.at(AgentTurnStarted)[1] > end
    onset = SPOKEN_AT + clean_edges(words).start
    assert rude.at(Audio)[1] - onset == pytest.approx(seconds, abs=0.1)
    assert rude.spoke[1].start_s < end < rude.spoke[1].end_s
    assert len(rude.said) == 2
    assert not rude.at(Cleared)


def test_after_talking_over_one_turn_it_listens_to_the_next(
    caller: _Caller, words: Samples
) -> None:
    pause = np.zeros(8 * 24_000, np.int16)
    two = np.concatenate((words, pause, words))
    assert len(caller.call(two, "talks_over", until=26).said) == 3


def test_an_agent_that_yields_falsely_stops_for_a_knock(caller: _Caller) -> None:
    assert not caller.call(KNOCK, at=1.0, until=6.0).at(Cleared)
    nervous = caller.call(KNOCK, "false_yields", at=1.0, until=6.0)
    (stopped,) = nervous.at(Cleared)
    assert 1.0 <= stopped <= 1.1
    assert clean_edges(nervous.listened(6)).end <= stopped


def test_faults_are_read_from_names_and_parameters(tmp_path: Path) -> None:
    text = "faults:\n  - mute\n  - slow: 5s\n  - talks_over\n  - drops_call: 3\n"
    faults = dialogue_of(tmp_path, text).faults
    assert faults == Faults(mute=True, slow=5.0, talks_over=0.8, drops_call=3)
    assert dialogue_of(tmp_path, "greeting: Hi.\n").faults == HEALTHY == Faults()
    assert Dialogue(faults=faults).faults == faults
    assert Dialogue(faults=faults).model_dump()["faults"]["slow"] == 5.0


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("[mute, sloww]", "1:16: unknown fault 'sloww' (did you mean 'slow'?)"),
        ("[{drop_call: 3}]", "1:11: unknown fault 'drop_call' (did you mean 'drops_call'?)"),
        ("[xyz]", "unknown fault 'xyz'; possible: never_yields, slow, mute, repeats, cuts_off"),
        ("[slow: 5]", "1:16: 5 has no unit: write 5s"),
        ("[slow: 0s]", "'0s' is too short"),
        ("[drops_call: 0]", "expected at least 1, found '0'"),
        ("[drops_call: x]", "expected a whole number such as 3, found 'x'"),
        ("[unheard: words]", "1:19: "),
        ("[background: 5]", "1:22: 5 has no unit: write 5dB"),
        ("[{mute: true}]", "1:11: 'mute' takes nothing: write '- mute'"),
        ("[{slow: 5s, drops_call: 3}]", "write one fault after each '- '"),
        ("[slow, slow: 5s]", "the fault 'slow' is here twice"),
        ("[[mute]]", "expected a fault, found a list"),
        ("mute", "expected a list, found 'mute'"),
    ],
)
def test_mistakes_in_faults_are_told_with_their_place(
    tmp_path: Path, written: str, message: str
) -> None:
    with pytest.raises(ScenarioError) as error:
        dialogue_of(tmp_path, f"faults: {written}\n")
    assert message in str(error.value)
    assert "agent.yaml:1:" in str(error.value)


def test_the_schema_explains_every_fault() -> None:
    options = dialogue_schema()["properties"]["faults"]["items"]["anyOf"]
    explained = {option["const"] for option in options if option.get("description")}
    assert explained == set(Faults.__dataclass_fields__) - {"quirks"} | set(QUIRKS)
    with_parameter = [option["properties"] for option in options if "properties" in option]
    assert {name for option in with_parameter for name in option} == {
        "slow",
        "drops_call",
        "talks_over",
        "stalls",
        "malformed",
        "fails",
        "unheard",
        "background",
    }
    assert all(about["description"] for option in with_parameter for about in option.values())
