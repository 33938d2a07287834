"""The model as a voice, against a server written by hand from the documented messages."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from tests.calls import Quiet
from voicetest.errors import ConnectionFailed, SetupError, VoicetestError
from voicetest.executor.execute import execute
from voicetest.executor.plan import plan
from voicetest.models.retries import Retries
from voicetest.registry import UnknownName
from voicetest.simulators.background import in_background
from voicetest.speech.account import Account
from voicetest.speech.cache import Cache
from voicetest.speech.providers import Speech
from voicetest.speech.voices.base import UnspeakableText
from voicetest.speech.voices.openai_realtime import OpenAIRealtimeVoice
from voicetest.speech.workers import Workers

pytestmark = pytest.mark.process

KEY = "sk-very-secret-key-4711"
TEXT = "I was charged twice for my March invoice."
SOUND = bytes(range(250)) * 40


@dataclass
class Model:
    """What it answers, and what it was sent; it may `refuse` so `often`."""

    said: list[str] = field(default_factory=lambda: [TEXT])
    error: str | None = None
    close: int | None = None
    refuse: HTTPStatus | None = None
    often: int = 100
    prefix: str = "response.output_audio"
    got: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Let in, or refuse."""
        self.headers.append({k.lower(): v for k, v in request.headers.raw_items()})
        self.paths.append(request.path)
        refused = self.refuse is not None and len(self.paths) <= self.often
        return connection.respond(self.refuse, "no\n") if refused and self.refuse else None

    async def answer(self, connection: ServerConnection) -> None:
        """One session with one response."""

        async def send(kind: str, **fields: Any) -> None:
            await connection.send(json.dumps({"type": kind, "event_id": "e", **fields}))

        if self.close is not None:
            await connection.close(self.close, "invalid_request_error.invalid_api_key")
            return
        await send("session.created", session={"type": "realtime"})
        async for text in connection:
            message = json.loads(text)
            self.got.append(message)
            if message["type"] != "response.create":
                continue
            if self.error is not None:
                await send("error", error={"type": "invalid_request_error", "message": self.error})
            words = self.said[0] if len(self.said) == 1 else self.said.pop(0)
            for piece in (SOUND[:4801], SOUND[4801:]):
                await send(f"{self.prefix}.delta", delta=base64.b64encode(piece).decode())
            await send(f"{self.prefix}_transcript.done", transcript=words)
            usage = {"input_tokens": 30, "output_tokens": 200}
            await send("response.done", response={"status": "completed", "usage": usage})


@asynccontextmanager
async def _served(model: Model) -> Any:
    async with serve(model.answer, "127.0.0.1", 0, process_request=model.admit) as server:
        yield next(iter(server.sockets)).getsockname()[1]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicetest.speech.requests.RETRIES", Retries(first_s=0.002))


Serve = Callable[[Model], None]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Puts a model where the vendor's client looks for it."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with ExitStack() as running:

        def start(model: Model) -> None:
            port = running.enter_context(in_background(_served(model)))
            monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")

        yield start


@pytest.fixture
def voice() -> OpenAIRealtimeVoice:
    return OpenAIRealtimeVoice("marin", Workers())


@pytest.mark.parametrize("prefix", ["response.output_audio", "response.audio"])
def test_what_the_model_says_is_its_sound(
    served: Serve, voice: OpenAIRealtimeVoice, prefix: str
) -> None:
    model = Model(prefix=prefix)
    served(model)
    assert asyncio.run(voice.synthesise(TEXT, 1.2)).data == SOUND
    assert asyncio.run(voice.said(TEXT, 1.2)) == TEXT
    assert model.headers[0]["authorization"] == f"Bearer {KEY}"
    assert "openai-beta" not in model.headers[0]
    assert model.paths[0].startswith("/v1/realtime?model=")
    update, item, create = model.got
    output = update["session"]["audio"]["output"]
    assert (output["voice"], output["speed"]) == ("marin", 1.2)
    assert TEXT in item["item"]["content"][0]["text"]
    assert create["type"] == "response.create"


def test_a_text_that_came_out_wrong_is_tried_once_more(
    served: Serve, voice: OpenAIRealtimeVoice
) -> None:
    model = Model(said=["Sure! How can I help?", TEXT, "never asked"])
    served(model)
    assert asyncio.run(voice.synthesise(TEXT)).data == SOUND
    assert len(model.paths) == 2


def test_a_model_that_says_something_else_twice_is_no_voice(
    served: Serve, voice: OpenAIRealtimeVoice
) -> None:
    served(Model(said=["Sure! How can I help?"]))
    with pytest.raises(ConnectionFailed, match=r"and said 'Sure! How can I help\?', twice"):
        asyncio.run(voice.synthesise(TEXT))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Model(refuse=HTTPStatus.UNAUTHORIZED), r"refuses the key \(HTTP 401\): check OPENAI_API"),
        (Model(refuse=HTTPStatus.TOO_MANY_REQUESTS), "HTTP 429, 4 times: too many requests"),
        (Model(close=3000), "closed the line: 3000 invalid_request_error.invalid_api_key"),
        (Model(error="The model does not exist"), "reports an error: The model does not exist"),
    ],
    ids=["401", "429", "3000", "error"],
)
def test_what_went_wrong_is_told_without_the_key(
    served: Serve, voice: OpenAIRealtimeVoice, model: Model, message: str
) -> None:
    served(model)
    with pytest.raises(VoicetestError, match=message) as raised:
        asyncio.run(voice.synthesise(TEXT))
    assert KEY not in str(raised.value)


def test_nobody_at_the_address_is_told(
    monkeypatch: pytest.MonkeyPatch, voice: OpenAIRealtimeVoice
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(ConnectionFailed, match="cannot reach OpenAI"):
        asyncio.run(voice.synthesise(TEXT))


def test_without_a_key_the_environment_lacks_something(
    monkeypatch: pytest.MonkeyPatch, voice: OpenAIRealtimeVoice
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(SetupError, match="needs OPENAI_API_KEY"):
        asyncio.run(voice.synthesise(TEXT))


def test_a_rate_it_cannot_speak_at_and_a_voice_it_does_not_have_are_refused(
    voice: OpenAIRealtimeVoice,
) -> None:
    with pytest.raises(UnspeakableText, match=r"0\.25 to 1\.5, not 2"):
        asyncio.run(voice.synthesise(TEXT, 2.0))
    with pytest.raises(UnknownName, match="did you mean 'marin'"):
        OpenAIRealtimeVoice("maren", Workers())


def test_a_user_with_that_voice_calls_in_virtual_time_and_what_it_said_is_kept(
    served: Serve, tmp_path: Path
) -> None:
    words = "I was charged two times for my March invoice, and I would like the second of the two "
    words += "charges to be refunded to my credit card as soon as that is possible for you please."
    model = Model(said=[words.replace(" please", "")])
    served(model)
    file = tmp_path / "scenario.yaml"
    file.write_text(
        "version: 1\nagent: {adapter: composable, stt: pocketsphinx/espeak, tts: espeak/en-us, "
        "dialogue: {greeting: Hello.}}\nuser: {voice: openai_realtime/marin}\nscript:\n"
        f"  - agent\n  - user: {words!r}\n"
    )
    for attempt in ("first", "second"):
        folder = tmp_path / attempt
        (folder / "segments").mkdir(parents=True)
        with Speech(Cache(tmp_path / "cache")) as speech:
            planned = plan(file, {}, speech)
            record = execute(planned, folder, Quiet())
        assert record.error is None
        assert 'as soon as that is possible for you."' in (folder / "events.jsonl").read_text()
    assert len(model.paths) == 1


def test_a_line_that_is_refused_once_is_dialled_again_and_what_is_spent_is_told(
    served: Serve,
) -> None:
    model = Model(refuse=HTTPStatus.SERVICE_UNAVAILABLE, often=1)
    served(model)
    account = Account()
    voice = OpenAIRealtimeVoice("marin?model=gpt-realtime-9", Workers(), account)
    asyncio.run(voice.prepare())
    assert asyncio.run(voice.synthesise(TEXT)).data == SOUND
    assert [path.endswith("?model=gpt-realtime-9") for path in model.paths] == [True, True]
    (spent,) = account.spending.items
    assert (spent.tokens_in, spent.tokens_out) == (30, 200)
