"""Every expectation and check, on an agent that is well and on one with a fault it must find."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.calls import Quiet
from voicetest.checks.result import Result
from voicetest.run import plan, run
from voicetest.scenario.checks import Checks
from voicetest.scenario.expectations import Expectations
from voicetest.scenario.steps import ACTIONS
from voicetest.speech.providers import Speech

pytestmark = pytest.mark.process

AGENT = """
yields_after: 700ms
greeting: Thank you for calling, how can I help you?
rules:
  - {when: charged twice, tool: {name: lookup}, say: "I am sorry about that. I will refund the
      second charge, and you will see it in three to five days."}
  - {keys: "1#", tool: {name: menu}, presses: "7#", say: You pressed one.}
  - {keys: "9#", say: Goodbye., ends_call: true}
  - {when: hold the line}
  - {when: hold, tool: {name: panic}}
fallback: I beg your pardon?
"""
HEAD = """
version: 1
agent: {adapter: composable, stt: pocketsphinx/espeak, tts: espeak/en-us, dialogue: agent.yaml}
user: {voice: espeak/en-us+f2}
tools:
  - {name: lookup, description: d, returns: ok}
  - {name: menu, description: d, returns: ok}
  - {name: panic, description: d, returns: ok}
limits: {patience: 1s}
script:
  - agent
"""
ASKS = "  - user: I was charged twice for my March invoice.\n"
HOLDS = "  - user: Please hold the line for me while I look.\n"


@dataclass(frozen=True)
class Proof:
    """What a fault must break; `rest` follows the greeting in the script."""

    fault: str
    rest: str
    check: str = ""
    """The name of the check, if it is not that of the field."""


def _answer(expected: str, fault: str, *, before: str = ASKS, check: str = "") -> Proof:
    return Proof(fault, f"{before}  - agent: {{{expected}}}\n", check)


def _over(step: str, fault: str, check: str) -> Proof:
    return Proof(fault, f"{ASKS}  - {step}\n    after: 500ms\n{{}}  - agent\n", check)


def _whole(check: str, fault: str, *, before: str = ASKS) -> Proof:
    return Proof(fault, f"{before}  - agent\nchecks: {{{check}}}\n")


EXPECTATIONS = {
    "says": _answer("says: refund", "mute"),
    "says_any": _answer("says_any: [refund, credit]", "mute"),
    "never_says": _answer("never_says: beg your pardon", "talks_over"),
    "matches": _answer("matches: three to \\w+ days", "mute"),
    "similar_to": _answer(
        "similar_to: I am sorry about that I will refund the second charge and you will see it"
        " in three to five days",
        "repeats",
    ),
    "calls_tool": _answer("calls_tool: menu", "ignores_keys", before="  - dtmf: 1#\n"),
    "never_calls": _answer("never_calls: panic", "{talks_over: 1s}", before=HOLDS),
    "within": _answer("within: 2s", "slow"),
    "lasts": _answer("lasts: {min: 3s}", "cuts_off"),
    "stays_silent": Proof(
        "never_yields",
        f"{ASKS}  - interrupt: Hold the line.\n    after: 500ms\n  - agent: {{stays_silent: 3s}}\n",
    ),
    "presses": _answer("presses: 7#", "ignores_keys", before="  - dtmf: 1#\n"),
    "sounds_clean": Proof("", f"{ASKS}  - agent: {{sounds_clean: true}}\n{{line}}"),
    "ends_call": _answer("ends_call: true", "ignores_keys", before="  - dtmf: 9#\n"),
}
STEPS = {
    "interrupt": _over("interrupt: Stop it please.", "never_yields", "interrupted"),
    "stops_within": Proof(
        "never_yields",
        f"{ASKS}  - interrupt: Stop it please.\n    after: 500ms\n    stops_within: 1.5s\n"
        "  - silence: 3s\n",
        "stops_within",
    ),
    "backchannel": _over("backchannel: okay", "false_yields", "keeps_talking"),
    "text": Proof("mute", "  - text: I was charged twice.\n  - agent: {says: refund}\n", "says"),
    "noise": _over("noise: door", "false_yields", "keeps_talking"),
}
CHECKS = {
    "response_latency": _whole("response_latency: {max: 2s}", "slow"),
    "greeting_latency": _whole("greeting_latency: {max: 1s}", "mute"),
    "time_to_first_audio": _whole("time_to_first_audio: {max: 2s}", "slow"),
    "stop_time": Proof(
        "never_yields",
        f"{ASKS}  - interrupt: Stop it please.\n    after: 500ms\n  - silence: 3s\n"
        "checks: {stop_time: {max: 1.5s}}\n",
    ),
    "false_yields": Proof(
        "false_yields",
        f"{ASKS}  - noise: door\n    after: 500ms\n  - agent\n"
        "checks: {false_yields: {max: 0}}\n",
    ),
    "talk_over": _whole("talk_over: {max: 5%}", "talks_over"),
    "talk_overs": _whole("talk_overs: {max: 0}", "talks_over"),
    "overlap": _whole("overlap: {max: 100ms}", "talks_over"),
    "dead_air": _whole("dead_air: {max: 2s}", "slow"),
    "duration": _whole("duration: {max: 14s}", "slow"),
    "turns": _whole("turns: {min: 2}", "{drops_call: 1}"),
    "missed_responses": _whole("missed_responses: {max: 0}", "mute"),
    "wer": _whole("wer: {max: 30%}", "talks_over"),
    "pooled_wer": _whole("pooled_wer: {max: 30%}", "talks_over"),
    "hung_up_by": _whole("hung_up_by: user", "drops_call"),
    "says": _whole("says: refund", "mute"),
    "never_says": _whole("never_says: beg your pardon", "talks_over"),
    "calls_tool": _whole("calls_tool: menu", "ignores_keys", before="  - dtmf: 1#\n"),
    "never_calls": _whole("never_calls: panic", "{talks_over: 1s}", before=HOLDS),
}
PROOFS = {
    **{f"agent: {name}": (proof.check or name, proof) for name, proof in EXPECTATIONS.items()},
    **{f"step: {name}": (proof.check or name, proof) for name, proof in STEPS.items()},
    **{f"checks: {name}": (name, proof) for name, proof in CHECKS.items()},
}
DROPOUTS = "line: {downlink: {dropouts: {every: 300ms, for: 40ms}}}\n"


def test_nothing_that_can_be_checked_is_unproven() -> None:
    assert set(EXPECTATIONS) == set(Expectations.model_fields) - {
        "severity",
        "patience",
        "language",
    }
    assert set(CHECKS) == set(Checks.model_fields) - {"severity"}
    proven = {"interrupt", "backchannel", "noise", "text"}
    assert proven <= set(STEPS)
    silent = {"agent", "user", "silence", "play", "dtmf", "hangup", "expect"}
    # They need a language model: see executor/steps/test_improvise.py and checks/test_judged.py.
    proven_elsewhere = {"improvise", "judge"}
    known = proven | silent | proven_elsewhere
    assert set(ACTIONS) == known, "a new step needs a proof, or a place among the silent"


def _result(folder: Path, speech: Speech, proof: Proof, *, faulty: bool) -> Result:
    folder.mkdir()
    faults = f"faults: [{proof.fault}]\n" if faulty and proof.fault else ""
    (folder / "agent.yaml").write_text(AGENT + faults)
    line = DROPOUTS if faulty else ""
    rest = proof.rest.replace("{line}", line).replace("{}", "")
    (folder / "call.yaml").write_text(HEAD + rest)
    (folder / "run" / "segments").mkdir(parents=True)
    return run(plan(folder / "call.yaml", {}, speech), folder / "run", Quiet())


@pytest.mark.parametrize("name", PROOFS)
def test_a_healthy_agent_passes_and_a_faulty_one_does_not(
    tmp_path: Path, speech: Speech, name: str
) -> None:
    check_name, proof = PROOFS[name]
    healthy = _result(tmp_path / "healthy", speech, proof, faulty=False)
    faulty = _result(tmp_path / "faulty", speech, proof, faulty=True)
    good = [check for check in healthy.checks if check.name == check_name]
    bad = [check for check in faulty.checks if check.name == check_name]
    assert good, healthy.reason
    assert all(check.passed for check in good), good
    assert bad, faulty.reason
    assert not all(check.passed for check in bad), bad
