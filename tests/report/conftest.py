from __future__ import annotations

import asyncio

import pytest

from tests.calls import Far, say, words
from tests.conftest import Speak
from tests.report.written import Written, user_is_done, write
from voicetest.audio.wav import write_wav
from voicetest.events import AgentTurnEnded, AgentTurnStarted, ToolCalled
from voicetest.speech.providers import Speech

HIDDEN = "xylophone-4711"
"""What must not be written anywhere."""

BILLING = """\
version: 1
name: A double charge of ${amount} dollars
tags: [billing, smoke]
vars:
  amount: "42"
  pass: ${env.BILLING_PASSPHRASE}
agent:
  adapter: scripted
  api_key: ${env.BILLING_PASSPHRASE}
  region: eu
user: {voice: espeak/en-us+f2}
tools:
  - {name: lookup, returns: {amount: 42, key: "${env.BILLING_PASSPHRASE}"}}
script:
  - agent: {says: thank you, within: 1s}
  - user: I was charged twice, the password is ${env.BILLING_PASSPHRASE}.
  - agent:
      says: [refund, "${env.BILLING_PASSPHRASE}"]
      calls_tool: lookup
  - silence: 500ms
  - play: recording.wav
    transcript: Yes please.
  - agent: done
checks: {never_says: cancel, turns: {equals: 4}}
seed: 7
"""


@pytest.fixture(scope="session")
def billing(tmp_path_factory: pytest.TempPathFactory, speech: Speech, speak: Speak) -> Written:
    """A call of four agent turns and two lines of the user, in which a secret is said."""
    folder = tmp_path_factory.mktemp("billing")
    write_wav(folder / "recording.wav", speak("Yes please.", "en-us+m3"))
    sound = speak("Thank you for calling, I will look into your invoice right now.", "en-us")

    async def agent(line: Far) -> None:
        await asyncio.sleep(0.4)
        await say(line, "Thank you for calling.", words(1.0, sound))
        await user_is_done(line)
        await line.send(AgentTurnStarted())
        await line.send(ToolCalled("call-1", "lookup", f'{{"password": "{HIDDEN}"}}'))
        await asyncio.sleep(0.3)
        await line.send(AgentTurnEnded())
        await asyncio.sleep(0.2)
        await say(line, f"Your refund for {HIDDEN} is on its way.", words(1.5, sound))
        await user_is_done(line)
        await say(line, "All done.", words(0.8, sound))
        await asyncio.sleep(1000)

    return write(folder, speech, BILLING, agent, {"BILLING_PASSPHRASE": HIDDEN})
