"""The simulated Twilio over sockets and in real time, and behind an adapter's settings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest
from twilio.request_validator import RequestValidator

from tests.simulators.twilio_caller import AGENT, OURS, SECOND, Caller, simulator
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.recipe import AgentRecipe
from voicetest.clock import Clock, run
from voicetest.simulators.offline import in_process
from voicetest.simulators.twilio import TwilioSimulator
from voicetest.simulators.twilio_account import SID, TOKEN
from voicetest.simulators.twilio_exchange import OUTSIDE
from voicetest.speech.providers import Speech
from voicetest.transports.asgi import serve_app
from voicetest.transports.local_web import LocalWeb

SILENT: dict[str, Any] = {"rules": []}
TOP = f"/2010-04-01/Accounts/{SID}"


@pytest.mark.process
def test_a_call_over_sockets_has_its_sound_in_real_time(speech: Speech) -> None:
    caller_seen: list[Caller] = []

    async def main() -> str:
        caller = Caller()
        caller_seen.append(caller)
        async with (
            simulator(speech, SILENT).listen("127.0.0.1", 0) as url,
            serve_app(caller.app, "127.0.0.1", 0) as port,
            httpx.AsyncClient(base_url="http" + url.removeprefix("ws")) as http,
        ):
            stream = f"ws://127.0.0.1:{port}/stream"
            twiml = f'<Response><Connect><Stream url="{stream}"/></Connect></Response>'
            form = {"To": AGENT, "From": OURS, "Twiml": twiml}
            placed = await http.post(f"{TOP}/Calls.json", data=form, auth=(SID, TOKEN))
            call = f"{TOP}/Calls/{placed.json()['sid']}.json"
            await caller.until(
                lambda: caller.sessions and len(caller.sessions[0].of("media")) > 100, 20
            )
            await http.post(call, data={"Status": "completed"}, auth=(SID, TOKEN))
            await caller.until(lambda: caller.sessions[0].code, 10)
        return stream

    stream = run(main(), Clock.REAL)
    (session,) = caller_seen[0].sessions
    assert RequestValidator(TOKEN).validate(stream, {}, session.signature)
    times = np.array([at for at, m in session.messages if m["event"] == "media"])
    drift = times - times[0] - 0.02 * np.arange(len(times))
    assert abs(drift[-1]) < 0.2
    assert session.messages[-1][1]["event"] == "stop"


@pytest.mark.process
def test_a_simulator_that_stops_ends_its_calls(speech: Speech) -> None:
    caller_seen: list[Caller] = []

    async def main() -> None:
        caller = Caller()
        caller_seen.append(caller)
        async with serve_app(caller.app, "127.0.0.1", 0) as port:
            async with (
                simulator(speech, SILENT).listen("127.0.0.1", 0) as url,
                httpx.AsyncClient(base_url="http" + url.removeprefix("ws")) as http,
            ):
                stream = f"ws://127.0.0.1:{port}/stream"
                twiml = f'<Response><Connect><Stream url="{stream}"/></Connect></Response>'
                form = {"To": AGENT, "From": OURS, "Twiml": twiml}
                await http.post(f"{TOP}/Calls.json", data=form, auth=(SID, TOKEN))
                await caller.until(lambda: caller.sessions and caller.sessions[0].of("media"), 20)
            await caller.until(lambda: caller.sessions[0].code, 10)

    run(main(), Clock.REAL)
    assert caller_seen[0].sessions[0].code == 1000


@dataclass(frozen=True)
class Settings:
    """What an adapter says of its account."""

    phone_number: str = OURS
    to: str | None = None
    topology: str = "direct"


def _behind(speech: Speech, settings: Settings) -> TwilioSimulator:
    ears = speech.transcriber("pocketsphinx/espeak", ())
    dialogue = Dialogue.model_validate(SILENT)
    recipe = AgentRecipe.follows(dialogue, ears, speech.voice("espeak/en-us"))
    return TwilioSimulator.behind(settings, recipe)


def test_the_account_has_the_numbers_of_the_adapter(speech: Speech) -> None:
    async def numbers(http: httpx.AsyncClient) -> list[str]:
        found = (await http.get(f"{TOP}/IncomingPhoneNumbers.json")).json()
        return [number["phone_number"] for number in found["incoming_phone_numbers"]]

    assert _at_work(_behind(speech, Settings()), numbers) == [OURS]
    assert _at_work(_behind(speech, Settings(to=AGENT)), numbers) == [OURS]
    two = Settings(to=SECOND, topology="two_numbers")
    assert _at_work(_behind(speech, two), numbers) == [OURS, SECOND]


@pytest.mark.parametrize(("to", "calls"), [(None, 1), (AGENT, 0)])
def test_only_an_adapter_that_calls_nobody_is_called(
    speech: Speech, to: str | None, calls: int
) -> None:
    twilio = _behind(speech, Settings(to=to))

    async def act(http: httpx.AsyncClient) -> list[str]:
        number = f"{TOP}/IncomingPhoneNumbers/PN{'0' * 31}1.json"
        await http.post(number, data={"VoiceUrl": "https://voicetest.example/voice"})
        await asyncio.sleep(5)
        found = (await http.get(f"{TOP}/Calls.json")).json()["calls"]
        return [call["from"] for call in found]

    assert _at_work(twilio, act) == [OUTSIDE] * calls


def _at_work(
    twilio: TwilioSimulator, act: Callable[[httpx.AsyncClient], Awaitable[list[str]]]
) -> list[str]:
    async def main() -> list[str]:
        web = LocalWeb()
        async with (
            web.serve(Caller().app, "127.0.0.1", 0),
            in_process(twilio.web)("https://api.twilio.com") as http,
            twilio.working(web.http, web.dial),
        ):
            http.auth = httpx.BasicAuth(SID, TOKEN)
            return await act(http)

    return run(main(), Clock.VIRTUAL)
