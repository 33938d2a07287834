"""The simulated Gemini Live API: Google's own SDK talks to it, and its quirks are survived."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google import genai
from google.genai import errors, types
from google.genai.live import AsyncSession

from tests.calls import Quiet
from tests.conftest import Speak
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.recipe import AgentRecipe
from voicetest.audio.chunk import AudioChunk
from voicetest.audio.resample import resample
from voicetest.checks.result import Result
from voicetest.clock import Clock
from voicetest.clock import run as run_on
from voicetest.errors import ProtocolError, ScenarioError
from voicetest.events import (
    AgentTurnEnded,
    Audio,
    Event,
    Hangup,
    Ready,
    ReplyRequested,
    ToolCalled,
    Transcript,
    UserTurnEnded,
    UserTurnStarted,
)
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import End
from voicetest.protocols.gemini_live import GeminiLive
from voicetest.protocols.gemini_live_message import snake_cased
from voicetest.protocols.gemini_live_setup import Setup, declaration
from voicetest.run import plan, run
from voicetest.scenario.tools import Tool
from voicetest.simulators.gemini_live import GeminiLiveSimulator
from voicetest.simulators.offline import in_memory
from voicetest.speech.providers import Speech
from voicetest.transports.base import Transport, TransportClosed, Upgrade
from voicetest.transports.memory import memory_pair
from voicetest.transports.websocket import serve

METHOD = "google.ai.generativelanguage.v1.GenerativeService.BidiGenerateContent"
DIALOGUE: dict[str, Any] = {
    "greeting": "Parcel service.",
    "rules": [
        {
            "when": ["parcel", "package"],
            "tool": {"name": "find_parcel", "arguments": {"parcel_number": "45"}},
            "say": "It is ${result.status} to you. It left our depot this morning.",
        },
        {"when": ["thank you", "thanks"], "say": "Goodbye."},
    ],
}
TOOL = Tool.model_validate(
    {
        "name": "find_parcel",
        "description": "Where it is.",
        "parameters": {"type": "object", "properties": {"parcel_number": {"type": "string"}}},
    }
)


def _agent(speech: Speech, *faults: Any) -> AgentRecipe:
    dialogue = Dialogue.model_validate({**DIALOGUE, "faults": list(faults)})
    ears = speech.transcriber("pocketsphinx/espeak", dialogue.phrases)
    return AgentRecipe.follows(dialogue, ears, speech.voice("espeak/en-us"))


# Google's own SDK.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine that nobody but its holder trusts, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return file


Handler = Callable[[Transport[bytes | str], Upgrade], Any]


@asynccontextmanager
async def _session(
    certificate: Path,
    handler: Handler,
    config: types.LiveConnectConfig,
    model: str = "gemini-3.8-live",
) -> AsyncIterator[AsyncSession]:
    """A session of Google's SDK with a server on this machine."""
    here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    here.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with serve(handler, tls=here) as port:
        options = types.HttpOptions(
            base_url=f"https://127.0.0.1:{port}/", async_client_args={"ssl": trusting}
        )
        client = genai.Client(api_key="key", http_options=options)
        async with client.aio.live.connect(model=model, config=config) as session:
            yield session


def _config(automatic: bool = False) -> types.LiveConnectConfig:
    function = types.FunctionDeclaration(
        name="find_parcel",
        description="Where it is.",
        parameters_json_schema=TOOL.parameters,
        behavior=types.Behavior.BLOCKING,
    )
    voice = types.VoiceConfig(prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name="Puck"))
    detection = types.AutomaticActivityDetection(disabled=None if automatic else True)
    return types.LiveConnectConfig(
        response_modalities=[types.Modality.AUDIO],
        speech_config=types.SpeechConfig(voice_config=voice),
        system_instruction="Be nice.",
        tools=[types.Tool(function_declarations=[function])],
        realtime_input_config=types.RealtimeInputConfig(automatic_activity_detection=detection),
        input_audio_transcription=types.AudioTranscriptionConfig(),
        output_audio_transcription=types.AudioTranscriptionConfig(),
    )


class Heard:
    """What the SDK made of the messages of one turn."""

    def __init__(self) -> None:
        self.sound = b""
        self.words = ""
        self.user = ""
        self.calls: list[str] = []
        self.interrupted = False

    def take(self, message: types.LiveServerMessage) -> None:
        """One message."""
        for call in (message.tool_call.function_calls or []) if message.tool_call else []:
            self.calls.append(call.name or "")
        content = message.server_content
        if content is None:
            return
        self.sound += message.data or b""
        self.interrupted = self.interrupted or bool(content.interrupted)
        if content.output_transcription:
            self.words += content.output_transcription.text or ""
        if content.input_transcription:
            self.user += content.input_transcription.text or ""


async def _turn(session: AsyncSession) -> Heard:
    """The model's turn; its functions are answered."""
    heard = Heard()
    async for message in session.receive():
        heard.take(message)
        for call in (message.tool_call.function_calls or []) if message.tool_call else []:
            answer = types.FunctionResponse(
                id=call.id, name=call.name, response={"output": {"status": "on its way"}}
            )
            await session.send_tool_response(function_responses=answer)
    return heard


async def _speak(session: AsyncSession, sound: bytes) -> None:
    """One turn of the user, as fast as it can be sent."""
    await session.send_realtime_input(activity_start=types.ActivityStart())
    for at in range(0, len(sound), 3_200):
        piece = types.Blob(data=sound[at : at + 3_200], mime_type="audio/pcm;rate=16000")
        await session.send_realtime_input(audio=piece)
    await session.send_realtime_input(activity_end=types.ActivityEnd())


@pytest.mark.process
def test_googles_sdk_holds_a_conversation_with_a_tool_call_and_a_barge_in(
    speech: Speech, speak: Speak, certificate: Path
) -> None:
    simulator = GeminiLiveSimulator(_agent(speech))
    seen: list[Upgrade] = []

    async def converse(transport: Transport[bytes | str], upgrade: Upgrade) -> None:
        seen.append(upgrade)
        await simulator.converse(transport, upgrade)

    def spoken(text: str) -> bytes:
        return resample(speak(text, "en-us+f2"), 24_000, 16_000).astype("<i2").tobytes()

    question, thanks = spoken("Where is my parcel?"), spoken("Thank you.")

    async def main() -> tuple[Heard, Heard, Heard]:
        async with _session(certificate, converse, _config()) as session:
            await session.send_client_content(turn_complete=True)
            greeting = await _turn(session)
            await _speak(session, question)
            cut = Heard()
            async for message in session.receive():
                spoke_before = bool(cut.sound)
                cut.take(message)
                if message.tool_call and message.tool_call.function_calls:
                    call = message.tool_call.function_calls[0]
                    assert call.args == {"parcel_number": "45"}
                    answer = types.FunctionResponse(
                        id=call.id, name=call.name, response={"output": {"status": "on its way"}}
                    )
                    await session.send_tool_response(function_responses=answer)
                if cut.sound and not spoke_before:
                    await _speak(session, thanks)
            return greeting, cut, await _turn(session)

    greeting, cut, goodbye = run_on(main(), Clock.REAL)
    (upgrade,) = seen
    assert upgrade.path == f"//ws/{METHOD}"
    assert upgrade.headers["x-goog-api-key"] == "key"
    assert simulator.admit(upgrade) is None
    assert greeting.words == "Parcel service."
    assert len(greeting.sound) > 24_000
    assert cut.user == "where is my parcel"
    assert cut.calls == ["find_parcel"]
    assert "It is on its way to you.".startswith(cut.words)
    assert cut.words
    assert cut.interrupted
    assert goodbye.user == "thank you"
    assert goodbye.words == "Goodbye."
    assert not goodbye.interrupted


@pytest.mark.process
@pytest.mark.parametrize("automatic", [False, True])
def test_the_first_message_of_our_client_is_that_of_googles_sdk(
    certificate: Path, automatic: bool
) -> None:
    got: list[Any] = []

    async def converse(transport: Transport[bytes | str], upgrade: Upgrade) -> None:
        got.append(json.loads(await transport.receive()))
        await transport.send(b'{"setupComplete":{}}')
        await transport.receive()

    async def main() -> None:
        async with _session(certificate, converse, _config(automatic)):
            pass

    run_on(main(), Clock.REAL)
    setup = Setup("gemini-3.8-live", "Puck", "Be nice.", automatic, [declaration(TOOL)])
    assert snake_cased(got[0]) == snake_cased(setup.message())


@pytest.mark.process
@pytest.mark.parametrize(
    ("quirk", "code", "reason"),
    [("invalid_key", 1007, "API key not valid"), ("unknown_model", 1008, "is not found")],
)
def test_googles_sdk_is_told_why_it_is_refused(
    speech: Speech, certificate: Path, quirk: str, code: int, reason: str
) -> None:
    simulator = GeminiLiveSimulator(_agent(speech, quirk))

    async def main() -> None:
        async with _session(certificate, simulator.converse, _config()):
            pass

    with pytest.raises(errors.APIError, match=reason) as raised:
        run_on(main(), Clock.REAL)
    assert raised.value.code == code


@pytest.mark.process
def test_googles_sdk_is_told_that_there_is_no_such_model(speech: Speech, certificate: Path) -> None:
    simulator = GeminiLiveSimulator(_agent(speech))

    async def main() -> None:
        model = "gemini-3.8-flash"
        async with _session(certificate, simulator.converse, _config(), model):
            pass

    with pytest.raises(errors.APIError, match=r"models/gemini-3\.8-flash is not found") as raised:
        run_on(main(), Clock.REAL)
    assert raised.value.code == 1008


@pytest.mark.process
def test_googles_sdk_may_write_whatever_it_has_a_setting_for(
    speech: Speech, certificate: Path
) -> None:
    simulator = GeminiLiveSimulator(_agent(speech))
    more = _config().model_copy(
        update={
            "temperature": 0.5,
            "top_p": 0.9,
            "top_k": 3.0,
            "max_output_tokens": 100,
            "media_resolution": types.MediaResolution.MEDIA_RESOLUTION_LOW,
            "seed": 7,
            "thinking_config": types.ThinkingConfig(thinking_budget=0),
            "enable_affective_dialog": True,
            "session_resumption": types.SessionResumptionConfig(),
            "context_window_compression": types.ContextWindowCompressionConfig(
                sliding_window=types.SlidingWindow()
            ),
            "proactivity": types.ProactivityConfig(proactive_audio=True),
        }
    )

    async def main() -> Heard:
        async with _session(certificate, simulator.converse, more) as session:
            await session.send_client_content(turn_complete=True)
            return await _turn(session)

    assert run_on(main(), Clock.REAL).words == "Parcel service."


# The door.


async def _closed(simulator: GeminiLiveSimulator, url: str, *messages: str) -> TransportClosed:
    """How a session ends in which that is said."""
    async with in_memory(simulator)(url) as line:
        for message in messages:
            await line.send(message)
        try:
            async with asyncio.timeout(9):
                while True:
                    await line.receive()
        except TransportClosed as closed:
            return closed


def _setup(**more: Any) -> str:
    return json.dumps({"setup": {"model": "models/gemini-3.8-live", **more}})


@pytest.mark.parametrize(
    ("query", "messages", "code", "reason"),
    [
        ("", [_setup()], 1008, "Method doesn't allow unregistered callers"),
        ("?key=", [_setup()], 1008, "Method doesn't allow unregistered callers"),
        (
            "?key=k",
            [_setup(voice="Puck")],
            1007,
            "Invalid JSON payload received. Unknown name \"voice\" at 'setup': Cannot find field.",
        ),
        (
            "?key=k",
            [_setup(generation_config={"speechConfig": {"voice": 1}})],
            1007,
            'Invalid JSON payload received. Unknown name "voice" at '
            "'setup.generation_config.speech_config': Cannot find field.",
        ),
        (
            "?key=k",
            [_setup(tools=[{}, {"function_declarations": [{"name": "f", "strict": True}]}])],
            1007,
            'Invalid JSON payload received. Unknown name "strict" at '
            "'setup.tools[1].function_declarations[0]': Cannot find field.",
        ),
        (
            "?key=k",
            [_setup(), '{"audio": ""}'],
            1007,
            'Invalid JSON payload received. Unknown name "audio": Cannot find field.',
        ),
        ("?key=k", [_setup(), "{"], 1007, "the peer sent text that is no JSON"),
        (
            "?key=k",
            ['{"setup": {"model": "models/gemini-live"}}', '{"setup": {"model": "models/a"}}'],
            1007,
            "setup can be sent only once",
        ),
        (
            "?key=k",
            ['{"setup": {"model": "models/gemini-9-flash"}}'],
            1008,
            "models/gemini-9-flash is not found for API version v1beta, or is not supported",
        ),
    ],
)
def test_what_google_refuses_is_refused_in_its_words(
    speech: Speech, query: str, messages: list[str], code: int, reason: str
) -> None:
    simulator = GeminiLiveSimulator(_agent(speech))
    url = f"ws://host/ws/{METHOD.replace('.v1.', '.v1beta.')}{query}"
    closed = run_on(_closed(simulator, url, *messages), Clock.VIRTUAL)
    assert (closed.code, closed.reason[: len(reason)]) == (code, reason)


@pytest.mark.parametrize("setting", ["x-goog-api-key", "authorization"])
def test_whoever_says_who_it_is_is_let_in(speech: Speech, setting: str) -> None:
    async def main() -> bytes | str:
        dial = in_memory(GeminiLiveSimulator(_agent(speech)))
        async with dial(f"ws://host/ws/{METHOD}", headers={setting: "Token any"}) as line:
            await line.send(_setup())
            return await line.receive()

    assert run_on(main(), Clock.VIRTUAL) == b'{"setupComplete":{}}'


def test_a_microphone_that_is_not_held_while_a_function_runs_ends_the_session() -> None:
    quirks = frozenset({"tool_input_refused"})
    server = GeminiLive(End.SERVER, quirks=quirks)
    server.decode(_setup())
    piece = Audio(AudioChunk(bytes(3_200), server.hears))
    (sound,) = GeminiLive(End.CLIENT, Setup(automatic=True)).encode(piece)
    server.decode(sound)
    server.encode(ToolCalled("call_1", "find", "{}"))
    for _ in range(4):  # what is under way when the call comes is no fault
        server.decode(sound)
    with pytest.raises(ProtocolError, match="not implemented"):
        server.decode(sound)
    assert server.refusal == 1008
    answer = {"functionResponses": [{"id": "call_1", "name": "find", "response": {}}]}
    server.decode(json.dumps({"toolResponse": answer}))
    assert server.decode(sound).events == (piece,)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/ws/{METHOD}", None),
        (f"//ws/{METHOD}?key=k", None),
        (f"/ws/{METHOD.replace('.v1.', '.v1beta.')}", None),
        (f"/ws/{METHOD.replace('.v1.', '.v1alpha.')}", None),
        (f"/ws/{METHOD.replace('.v1.', '.v2.')}", HTTPStatus.NOT_FOUND),
        (f"///ws/{METHOD}", HTTPStatus.NOT_FOUND),
        ("/", HTTPStatus.NOT_FOUND),
    ],
)
def test_only_the_method_is_found(speech: Speech, path: str, status: HTTPStatus | None) -> None:
    assert GeminiLiveSimulator(_agent(speech)).admit(Upgrade(path, {})) is status


def test_what_stands_alone_says_how_it_is_called(speech: Speech) -> None:
    simulator = GeminiLiveSimulator.of_preset(None, _agent(speech))
    (address,) = simulator.addresses("ws://127.0.0.1:8765")
    section = yaml.safe_load(address)["agent"]
    assert section == {
        "adapter": "gemini_live",
        "api_key": "any",
        "base_url": "ws://127.0.0.1:8765",
    }


def test_a_client_that_does_not_keep_to_the_api_is_closed_as_google_does(speech: Speech) -> None:
    async def main() -> list[Hangup]:
        ends = []
        for messages in (
            ['{"realtimeInput":{"activityStart":{}}}'],
            [
                '{"setup":{"model":"models/gemini-3.8-live"}}',
                '{"realtimeInput":{"activityStart":{}}}',
            ],
        ):
            near: Transport[bytes | str]
            far: Transport[bytes | str]
            near, far = memory_pair()
            for message in messages:
                await near.send(message)
            simulator = GeminiLiveSimulator(_agent(speech, "mute"))
            await simulator.converse(far, Upgrade("/?key=any", {}))
            link = CodecLink(GeminiLive(End.CLIENT, Setup(automatic=True)), near)
            said = [event async for event in link.events()]
            assert all(isinstance(event, Ready | Hangup) for event in said)
            ends += [event for event in said if isinstance(event, Hangup)]
        return ends

    early, marked = run_on(main(), Clock.VIRTUAL)
    assert (early.code, early.reason) == (1007, "the first message has to be setup")
    assert marked.code == 1007
    assert marked.reason.startswith("Explicit activity control is not supported")


# Quirks, as our own caller meets them.


def _call(
    folder: Path,
    speech: Speech,
    *faults: Any,
    settings: dict[str, Any] | None = None,
    more: Sequence[Any] = (),
) -> Result:
    scenario = {
        "version": 1,
        "agent": {
            "adapter": "gemini_live",
            "response_timeout": "4s",
            "simulator": {**DIALOGUE, "faults": list(faults)},
            **(settings or {}),
        },
        "user": {"voice": "espeak/en-us+f2"},
        "tools": [{"name": "find_parcel", "returns": {"status": "on its way"}}],
        "script": [
            {"agent": {"says": "parcel service"}},
            {"user": "Where is my parcel?"},
            {"agent": {"says": "left our depot", "calls_tool": "find_parcel"}},
            {"user": "Thank you."},
            {"agent": {"says": "goodbye"}},
            *more,
        ],
    }
    file = folder / "scenario.yaml"
    file.write_text(yaml.safe_dump(scenario, sort_keys=False))
    (folder / "call/segments").mkdir(parents=True)
    return run(plan(file, {}, speech, offline=True), folder / "call", Quiet())


@pytest.mark.parametrize("detection", ["none", "automatic"])
@pytest.mark.parametrize(
    "quirk", ["async_tools", "late_transcripts", "snake_case", "spurious_interruption"]
)
def test_a_quirk_changes_nothing_of_the_call(
    tmp_path: Path, speech: Speech, quirk: str, detection: str
) -> None:
    result = _call(tmp_path, speech, quirk, settings={"turn_detection": detection})
    assert result.status == "passed", (result.checks, result.errors)
    assert [turn.by for turn in result.turns] == ["agent", "user", "agent", "user", "agent"]
    assert [turn.transcript for turn in result.turns if turn.by == "agent"] == [
        "Parcel service.",
        "It is on its way to you. It left our depot this morning.",
        "Goodbye.",
    ]


def test_a_server_that_leaves_says_so_before_the_line_breaks(
    tmp_path: Path, speech: Speech
) -> None:
    result = _call(tmp_path, speech, "go_away", more=[{"silence": "10s"}])
    (error,) = result.errors
    assert (error.kind, error.where) == ("connection", "calling")
    assert "1011 Deadline expired before operation could complete." in error.message
    assert "end the connection in '10s'" in (tmp_path / "call/events.jsonl").read_text()


@pytest.mark.parametrize(
    ("quirk", "words"),
    [
        ("invalid_key", "Google refuses the key"),
        ("unknown_model", "there is no such 'model'"),
        ("quota", "the quota of the key is used up"),
    ],
)
def test_a_refusal_is_told_in_googles_words_with_what_to_do(
    tmp_path: Path, speech: Speech, quirk: str, words: str
) -> None:
    result = _call(tmp_path, speech, quirk)
    (error,) = result.errors
    assert (error.kind, error.where) == ("connection", "dialling")
    assert words in error.message


@pytest.mark.parametrize("detection", ["none", "automatic"])
@pytest.mark.parametrize("faults", [(), ("never_yields",)])
def test_an_agent_that_does_not_yield_is_found_out(
    tmp_path: Path, speech: Speech, detection: str, faults: tuple[str, ...]
) -> None:
    file = tmp_path / "scenario.yaml"
    dialogue = {"greeting": "You have called the parcel service of the whole country.",
                "rules": DIALOGUE["rules"], "faults": list(faults)}  # fmt: skip
    agent = {"adapter": "gemini_live", "turn_detection": detection, "simulator": dialogue}
    over = {"interrupt": "Thank you.", "after": "500ms", "stops_within": "600ms"}
    script = [over, {"agent": {"says": "goodbye"}}]
    user = {"voice": "espeak/en-us+f2"}
    file.write_text(yaml.safe_dump({"version": 1, "agent": agent, "user": user, "script": script}))
    (tmp_path / "call/segments").mkdir(parents=True)
    result = run(plan(file, {}, speech, offline=True), tmp_path / "call", Quiet())
    assert result.status == ("failed" if faults else "passed"), (result.checks, result.errors)


def test_a_simulator_without_a_quirk_says_so(tmp_path: Path, speech: Speech) -> None:
    with pytest.raises(ScenarioError, match="this platform has no quirk 'snake_case'"):
        _call(
            tmp_path,
            speech,
            "snake_case",
            settings={"adapter": "websocket", "url": "ws://h/", "protocol": "json_audio"},
        )


@pytest.mark.parametrize("after", ["modelTurn", "generationComplete"])
def test_a_user_who_speaks_is_obeyed_before_a_word_is_understood(
    speech: Speech, after: str
) -> None:
    """The marker alone silences the model: while it makes its answer, and while that is heard."""
    simulator = GeminiLiveSimulator(_agent(speech))

    async def main() -> list[str]:
        async with in_memory(simulator)(f"ws://host/ws/{METHOD}?key=any") as line:
            await line.send(json.dumps(Setup().message()))
            await line.send('{"clientContent":{"turnComplete":true}}')
            kinds: list[str] = []
            while "turnComplete" not in kinds:
                message = json.loads(await line.receive())
                found = list(message.get("serverContent", {}))
                if after in found and after not in kinds:
                    await line.send('{"realtimeInput":{"activityStart":{}}}')
                kinds += found
            return kinds

    kinds = run_on(main(), Clock.VIRTUAL)
    assert kinds[-2:] == ["interrupted", "turnComplete"]
    assert ("generationComplete" in kinds) is (after == "generationComplete")


def test_a_turn_that_arrives_all_at_once_over_an_answer_is_answered(
    speech: Speech, speak: Speak
) -> None:
    simulator = GeminiLiveSimulator(_agent(speech))
    thanks = AudioChunk.of(speak("Thank you.", "en-us+f2"))

    async def main() -> list[Event]:
        heard: list[Event] = []
        async with (
            in_memory(simulator)(f"ws://host/ws/{METHOD}?key=any") as transport,
            CodecLink(GeminiLive(End.CLIENT), transport) as line,
        ):
            await line.send(ReplyRequested())
            async for event in line.events():
                if isinstance(event, Audio) and not any(isinstance(e, Audio) for e in heard):
                    for said in (UserTurnStarted(), Audio(thanks), UserTurnEnded()):
                        await line.send(said)
                heard.append(event)
                if event == AgentTurnEnded():
                    break
        return [event for event in heard if isinstance(event, Transcript | AgentTurnEnded)]

    assert run_on(main(), Clock.VIRTUAL) == [
        Transcript("agent", "Parcel"),  # the first 200 ms of it
        AgentTurnEnded("interrupted"),
        Transcript("user", "thank you"),
        Transcript("agent", "Goodbye."),
        AgentTurnEnded(),
    ]
