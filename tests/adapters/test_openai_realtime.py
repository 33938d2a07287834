"""The settings of OpenAI's Realtime API, its errors in words, and faults in each stage."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from tests.calls import Quiet, plans_of
from tests.protocols.realtime import valid_of_client
from voicetest.adapters.openai_realtime import OpenAIRealtimeAgentAdapter
from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.wav import read_span
from voicetest.checks.result import Result
from voicetest.clock import Clock
from voicetest.errors import ScenarioError, SetupError
from voicetest.events import Cleared, Interrupted, ReplyRequested, ToolResult, UserTurnEnded
from voicetest.run import Plan, plan, run
from voicetest.speech.providers import Speech
from voicetest.suite.validate import validate_suite
from voicetest.transports.base import Dial, Transport, TransportClosed
from voicetest.transports.memory import memory_pair
from voicetest.transports.refusals import by_status

HIDDEN = "sk-Zq7-very-secret-value"
Line = Transport[bytes | str]
Behaviour = Callable[[Line], Awaitable[None]]
BRIEF = "response_timeout: 2s, response_max_duration: 3s"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", HIDDEN)


def _file(folder: Path, settings: str = "", script: str = "[agent, user: Hello., agent]") -> Path:
    file = folder / "scenario.yaml"
    file.write_text(
        f"version: 1\nagent: {{adapter: openai_realtime, {settings}}}\n"
        f"tools: [{{name: find_parcel}}]\nlimits: {{patience: 1s}}\nscript: {script}\n"
    )
    return file


def _plan(folder: Path, speech: Speech, settings: str = "", clock: str = "auto") -> Plan:
    return plan(_file(folder, settings), {}, speech, clock)


def test_by_default_the_script_says_when_the_user_has_finished(
    tmp_path: Path, speech: Speech
) -> None:
    adapter = _plan(tmp_path, speech).adapter
    assert isinstance(adapter, OpenAIRealtimeAgentAdapter)
    assert (adapter.model, adapter.voice) == ("gpt-realtime-2.1-mini", "alloy")
    assert adapter.outside == ("agent.base_url (api.openai.com)",)
    line = adapter.capabilities
    assert line.speaks == line.hears == INTERNAL
    assert not line.continuous
    assert not line.paced
    assert {UserTurnEnded, ReplyRequested, Interrupted, ToolResult} <= line.sends
    heard = _plan(tmp_path, speech, "turn_detection: semantic_vad").adapter.capabilities
    assert heard.continuous
    assert Cleared in heard.receives


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("turn_detection: auto", "'none', 'server_vad' or 'semantic_vad'"),
        ("base_url: 'https://api.openai.com/v1'", "expected an address such as wss://"),
        ("modle: gpt", r"unknown key 'modle' \(did you mean 'model'\?\)"),
        ("voice: [a]", "expected"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    tmp_path: Path, speech: Speech, settings: str, message: str
) -> None:
    with pytest.raises(ScenarioError, match=message):
        _plan(tmp_path, speech, settings)


def test_a_missing_key_is_told_before_the_call(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _plan(tmp_path, speech).adapter.missing == ()
    monkeypatch.delenv("OPENAI_API_KEY")
    assert _plan(tmp_path, speech, f"api_key: {HIDDEN}").adapter.missing == ()
    (lack,) = _plan(tmp_path, speech).adapter.missing
    assert "OPENAI_API_KEY" in lack
    with pytest.raises(SetupError, match="OPENAI_API_KEY"):
        plans_of([_file(tmp_path)], speech)
    assert any(lack in note for note in validate_suite([_file(tmp_path)], {}).notes)


# Calls to a platform written by hand


def _message(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, "event_id": "event_1", **fields})


SESSION = {"type": "realtime", "id": "sess_1"}
CREATED = _message("session.created", session=SESSION)
READY = _message("session.updated", session=SESSION)


def _error(code: str, message: str = "why", **more: Any) -> str:
    return _message(
        "error", error={"type": "invalid_request_error", "code": code, "message": message, **more}
    )


def _deltas(sound: Samples, response: str = "resp_1") -> str:
    place = {"response_id": response, "item_id": f"item_{response}", "content_index": 0}
    delta = base64.b64encode(sound.tobytes()).decode()
    return _message("response.output_audio.delta", **place, output_index=0, delta=delta)


def _answer(sound: Samples, response: str = "resp_1") -> list[str]:
    return [
        _message("response.created", response={"id": response, "status": "in_progress"}),
        _deltas(sound, response),
        _message(
            "response.output_audio_transcript.done", response_id=response, transcript="Hello there."
        ),
        _message("response.done", response={"id": response, "status": "completed", "output": []}),
    ]


async def _until(line: Line, kind: str) -> None:
    """Read what the client says, all of which the SDK accepts, up to a message."""
    while valid_of_client(await line.receive())["type"] != kind:
        pass


async def _say(line: Line, *messages: bytes | str) -> None:
    for message in messages:
        await line.send(message)


def _platform(
    behave: Behaviour, dialled: list[tuple[str, Mapping[str, str]]] | None = None
) -> Dial:
    @asynccontextmanager
    async def dial(
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        keep_alive: object = None,
    ) -> AsyncIterator[Line]:
        if dialled is not None:
            dialled.append((url, headers or {}))
        near: Line
        far: Line
        near, far = memory_pair()

        async def serve() -> None:
            try:
                await behave(far)
                while True:
                    await far.receive()
            except TransportClosed:
                return

        serving = asyncio.get_running_loop().create_task(serve())
        try:
            yield near
        finally:
            await near.close()
            serving.cancel()

    return dial


@dataclass(frozen=True)
class Held:
    """A call that is over."""

    result: Result
    folder: Path

    @property
    def error(self) -> tuple[str, str]:
        """Kind and message of the one error."""
        (found,) = self.result.errors
        return found.kind, found.message

    @property
    def loudest(self) -> int:
        """Of what was heard and recorded."""
        return int(abs(read_span(self.folder / "recording.wav", 0, -1)[:, 1].astype(int)).max())

    def messages(self, kind: str) -> list[Any]:
        """The timeline's events of a kind."""
        lines = (self.folder / "events.jsonl").read_text().splitlines()
        return [event for line in lines if (event := json.loads(line))["type"] == kind]


def _hold(folder: Path, speech: Speech, dial: Dial, settings: str = BRIEF) -> Held:
    """The result of a call under virtual time to that platform."""
    planned = _plan(folder, speech, settings)
    world = replace(planned.world, dial=dial, real_time=False)
    call = folder / "call"
    (call / "segments").mkdir(parents=True)
    result = run(replace(planned, world=world, clock=Clock.VIRTUAL), call, Quiet())
    for file in call.rglob("*"):
        assert not file.is_file() or HIDDEN.encode() not in file.read_bytes(), file
    assert result.duration_s < 30
    return Held(result, call)


def test_only_the_key_is_sent_and_it_is_shown_nowhere(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    dialled: list[tuple[str, Mapping[str, str]]] = []

    async def behave(line: Line) -> None:
        await _say(line, CREATED, READY)
        await _until(line, "response.create")
        await _say(line, *_answer(voice[:24_000]))
        await _until(line, "input_audio_buffer.commit")
        await _until(line, "response.create")
        await _say(line, _error("server_error", f"{HIDDEN} said"), *_answer(voice[:24_000], "r2"))

    done = _hold(tmp_path, speech, _platform(behave, dialled), f"{BRIEF}, model: 'gpt-x y'")
    assert done.result.status == "passed", (done.result.checks, done.result.errors)
    assert dialled == [
        (
            "wss://api.openai.com/v1/realtime?model=gpt-x+y",
            {"Authorization": f"Bearer {HIDDEN}"},
        )
    ]
    assert done.loudest > 2_000


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (HTTPStatus.UNAUTHORIZED, "does not know this key"),
        (HTTPStatus.FORBIDDEN, "does not let this key use the model"),
        (HTTPStatus.NOT_FOUND, "has no such model"),
        (HTTPStatus.TOO_MANY_REQUESTS, "limit or quota is used up"),
        (HTTPStatus.BAD_GATEWAY, "HTTP 502"),
    ],
)
def test_a_refused_upgrade_says_what_to_do_at_this_platform(
    tmp_path: Path, speech: Speech, status: HTTPStatus, words: str
) -> None:
    @asynccontextmanager
    async def dial(
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        keep_alive: object = None,
    ) -> AsyncIterator[Line]:
        raise by_status(status, url)
        yield

    kind, message = _hold(tmp_path, speech, dial).error
    assert kind == "connection"
    assert words in message
    assert f"HTTP {int(status)}" in message


async def _closes(line: Line) -> None:
    await line.close(3000, "invalid_request_error.invalid_api_key")


async def _breaks(line: Line) -> None:
    await _say(line, CREATED)
    await line.close(1006)


def _says(*messages: bytes | str) -> Behaviour:
    async def behave(line: Line) -> None:
        await _say(line, *messages)

    return behave


BEFORE = {
    "key refused by a close": (_closes, "connection", "does not know this key"),
    "lost": (_breaks, "connection", "hung up before it was ready: 1006"),
    "silence": (_says(), "connection", "not ready within 15 s"),
    "created only": (_says(CREATED), "connection", "not ready within 15 s"),
    "error": (_says(CREATED, _error("invalid_value", "bad")), "connection", "invalid_value bad"),
    "no model": (_says(_error("model_not_found")), "connection", "has no such model"),
    "quota": (_says(_error("insufficient_quota")), "connection", "quota is used up"),
    "no JSON": (_says("<html>"), "connection", "not ready within 15 s: messages such as"),
    "no type": (_says("{}"), "connection", "without a type"),
    "wrong type": (_says('{"type":"session.created","session":[]}'), "connection", "session"),
}


@pytest.mark.parametrize("name", BEFORE)
def test_what_goes_wrong_before_the_session_is_ready(
    tmp_path: Path, speech: Speech, name: str
) -> None:
    behave, kind, words = BEFORE[name]
    found, message = _hold(tmp_path, speech, _platform(behave)).error
    assert found == kind
    assert words in message


def _amid(*messages: bytes | str, code: int | None = None, after: bool = False) -> Any:
    """Something amid the second answer, or after it; then a close if there is a code."""

    def behaviour(voice: Samples) -> Behaviour:
        async def behave(line: Line) -> None:
            await _say(line, CREATED, READY)
            await _until(line, "response.create")
            await _say(line, *_answer(voice[:24_000]))
            await _until(line, "response.create")
            second = _answer(voice[:24_000], "resp_2")
            cut = len(second) if after else 2
            await _say(line, *second[:cut], *messages)
            if code is not None:
                await line.close(code)
                return
            await _say(line, *second[cut:])

        return behave

    return behaviour


AMID = {
    "lost": (_amid(code=1006), "error", "closed with code 1006"),
    "server error": (_amid(code=1011), "error", "closed with code 1011"),
    "expired": (_amid(_error("session_expired")), "error", "session_expired"),
    "error event": (_amid(_error("server_error")), "passed", ""),
    "cancel too late": (_amid(_error("response_cancel_not_active")), "passed", ""),
    "no JSON": (_amid("{"), "passed", "no JSON"),
    "binary": (_amid(b"\xff\0"), "passed", "no text"),
    "no base64": (_amid(_message("response.output_audio.delta", delta="@@")), "passed", "base64"),
    "no delta": (_amid(_message("response.output_audio.delta")), "passed", "delta"),
    "wrong type": (_amid(_message("response.created", response=7)), "passed", "response"),
    "unknown": (_amid(_message("response.dreaming"), _message("x.y", z=[])), "passed", "x.y"),
    "twice done": (
        _amid(_message("response.done", response={"id": "resp_2"}), after=True),
        "passed",
        "",
    ),
    "closed when all was said": (_amid(code=1000, after=True), "passed", ""),
    "lost when all was said": (_amid(code=1006, after=True), "error", "closed with code 1006"),
}


@pytest.mark.parametrize("name", AMID)
def test_what_goes_wrong_in_an_answer(
    tmp_path: Path, speech: Speech, voice: Samples, name: str
) -> None:
    behaviour, status, words = AMID[name]
    done = _hold(tmp_path, speech, _platform(behaviour(voice)))
    assert done.result.status == status, (done.result.checks, done.result.errors)
    assert done.loudest > 2_000
    if status == "error":
        assert words in done.error[1]
    elif words:
        (told,) = [w.message for w in done.result.warnings if "ignored" in w.message]
        assert words in told


def test_an_answer_that_is_never_done_is_cut_off(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def behave(line: Line) -> None:
        await _say(line, CREATED, READY)
        await _until(line, "response.create")
        await _say(line, *_answer(voice[:24_000])[:2])

    done = _hold(tmp_path, speech, _platform(behave))
    assert done.result.status == "failed"
    assert done.loudest > 2_000


def test_messages_without_progress_are_no_answer(tmp_path: Path, speech: Speech) -> None:
    async def behave(line: Line) -> None:
        await _say(line, CREATED, READY)
        while True:
            await _say(line, _message("rate_limits.updated", rate_limits=[]))
            await asyncio.sleep(0.5)

    done = _hold(tmp_path, speech, _platform(behave))
    assert done.result.status == "failed"
    (check, *_) = [check for check in done.result.checks if check.name == "answers"]
    assert "never spoke" in str(check.actual)


def test_events_in_another_order_are_the_same_answer(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def behave(line: Line) -> None:
        await _say(line, READY, CREATED)
        for response in ("resp_1", "resp_2"):
            await _until(line, "response.create")
            created, sound, words, over = _answer(voice[:24_000], response)
            await _say(line, created, words, sound, over)

    done = _hold(tmp_path, speech, _platform(behave))
    assert done.result.status == "passed", (done.result.checks, done.result.errors)
    assert [t.transcript for t in done.result.turns if t.by == "agent"] == ["Hello there."] * 2


def test_what_the_agent_understood_may_come_after_its_answer(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def behave(line: Line) -> None:
        await _say(line, CREATED, READY)
        await _until(line, "response.create")
        await _say(line, *_answer(voice[:24_000]))
        await _until(line, "response.create")
        kind = "conversation.item.input_audio_transcription.completed"
        await _say(line, *_answer(voice[:24_000], "resp_2"), _message(kind, transcript="Hello."))

    done = _hold(tmp_path, speech, _platform(behave))
    (turn,) = [turn for turn in done.result.turns if turn.by == "user"]
    assert turn.understood == "Hello."
