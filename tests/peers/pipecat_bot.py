"""A real Pipecat bot with a script for a mind, run by a Python that has requirements-pipecat.txt.

    python pipecat_bot.py --serializer twilio|protobuf --behaviour BEHAVIOUR --lines FOLDER
    python pipecat_bot.py --serializer webrtc --behaviour BEHAVIOUR --lines FOLDER

It says `listening on PORT` and serves ws://127.0.0.1:PORT/ws, or takes offers for
SmallWebRTCTransport at http://127.0.0.1:PORT/api/offer. FOLDER holds mono PCM16 WAV files:
`greeting.wav`, `line-1.wav`, `line-2.wav`, … for the user's turns, `key-K.wav` for the key K (a
star is `key-star.wav`, a hash `key-hash.wav`). The words of `line-1.wav` are in `line-1.txt`.
What has no file is not said. With --words the voice reports each word as it speaks it, otherwise
only whole sentences. Everything but the mind and the recordings is Pipecat's own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
import wave
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from aioice import ice
from fastapi import BackgroundTasks, FastAPI, WebSocket
from loguru import logger
from pipecat.audio.utils import create_file_resampler
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.frames.frames import (
    EndWorkerFrame,
    Frame,
    FunctionCallFromLLM,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    FunctionCallsStartedFrame,
    InputAudioRawFrame,
    InputDTMFFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMMessagesAppendFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.audio.vad_processor import VADProcessor
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.processors.frameworks.rtvi import RTVIFunctionCallReportLevel, RTVIObserverParams
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.base_serializer import FrameSerializer
from pipecat.serializers.protobuf import ProtobufFrameSerializer
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService
from pipecat.transports.base_transport import BaseTransport, TransportParams
from pipecat.transports.smallwebrtc.connection import SmallWebRTCConnection
from pipecat.transports.smallwebrtc.request_handler import (
    SmallWebRTCRequest,
    SmallWebRTCRequestHandler,
)
from pipecat.transports.smallwebrtc.transport import SmallWebRTCTransport
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.turns.user_start import VADUserTurnStartStrategy
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_processor import UserTurnProcessor
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner

BEHAVIOURS = ("conversation", "echo", "hangs-up", "crashes")
VAD_STOP_S = 0.2
PATIENCE_S = 0.4
"""After the end of speech was detected: the user may go on this long."""
BEFORE_SPEECH_S = 0.5
"""Of what was heard before a turn began: detection is late."""
CRASH_AFTER_S = 0.5
"""Into the first answer."""
TOOL_TURN = 2
"""The user's turn for which the bot calls a tool."""
KEY_NAMES = {"*": "star", "#": "hash"}


@dataclass(frozen=True)
class Line:
    """One recorded utterance and its words."""

    words: str
    sound: bytes
    rate: int

    @classmethod
    async def read(cls, lines: Path, name: str, rate: int) -> Line | None:
        """The recording of that name at `rate` hertz, None if there is none."""
        path = lines / f"{name}.wav"
        if not path.exists():
            return None
        with wave.open(str(path)) as file:
            sound, recorded = file.readframes(file.getnframes()), file.getframerate()
        text = path.with_suffix(".txt")
        words = text.read_text().strip() if text.exists() else f"{name}."
        return cls(words, await resampled(sound, recorded, rate), rate)


async def resampled(sound: bytes, rate: int, wanted: int) -> bytes:
    """PCM16 mono at another rate: an output transport takes one rate and no second."""
    return await create_file_resampler().resample(sound, rate, wanted)


class Voice(TTSService):
    """A text-to-speech service that plays the recording of what it is given to say."""

    def __init__(self, words: bool) -> None:
        """With `words` it says when it speaks each word, as many services do."""
        super().__init__(
            push_start_frame=True,
            push_stop_frames=True,
            push_text_frames=not words,
            settings=TTSSettings(model=None, voice=None, language=None),
        )
        self._knows_words = words
        self.line: Line | None = None
        """Set by the mind before its words arrive."""
        self._used = 0

    def load(self, line: Line) -> None:
        """The recording of the words that come next."""
        self.line, self._used = line, 0

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """The share of the recording that `text` is of all its words."""
        line = self.line
        if line is None:
            return
        start, self._used = self._used, self._used + len(text)
        frames = len(line.sound) // 2
        whole = max(len(line.words), 1)
        first = min(round(frames * start / whole), frames)
        last = frames if self._used + 1 >= whole else round(frames * self._used / whole)
        if self._knows_words:
            words = text.split()
            each = (last - first) / line.rate / len(words)
            begun = first / line.rate
            times = [(word, begun + place * each) for place, word in enumerate(words)]
            await self.add_word_timestamps(times, context_id)
        await self.stop_ttfb_metrics()
        step = line.rate // 50
        for at in range(first, last, step):
            piece = line.sound[2 * at : 2 * min(at + step, last)]
            yield TTSAudioRawFrame(piece, line.rate, 1, context_id=context_id)


class Mind(FrameProcessor):
    """Answers as a language model would, with the next line of its script."""

    def __init__(self, behaviour: str, lines: Path, voice: Voice, rate: int) -> None:
        super().__init__()
        self._rate = rate
        self._behaviour = behaviour
        self._lines = lines
        self._voice = voice
        self._turns = 0
        self._ended = False
        self._user_speaks = False
        self._heard: deque[InputAudioRawFrame] = deque()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Listens, and says something when it is the bot's turn."""
        await super().process_frame(frame, direction)
        if direction is FrameDirection.UPSTREAM:
            await self.push_frame(frame, direction)
            return
        if isinstance(frame, InputAudioRawFrame):
            self._listen(frame)
            return
        await self.push_frame(frame, direction)
        match frame:
            case UserStartedSpeakingFrame():
                self._user_speaks = True
            case UserStoppedSpeakingFrame():
                self._user_speaks = False
                await self._answer()
            case LLMMessagesAppendFrame(run_llm=True):
                await self._answer()
            case InputDTMFFrame():
                key = frame.button.value
                await self._say(f"key-{KEY_NAMES.get(key, key)}")
            case _:
                pass

    async def greet(self) -> None:
        """Speak first."""
        await self._say("greeting")

    def _listen(self, frame: InputAudioRawFrame) -> None:
        if self._behaviour != "echo":
            return
        self._heard.append(frame)
        kept = 0.0 if self._user_speaks else BEFORE_SPEECH_S
        while kept and sum(f.num_frames / f.sample_rate for f in self._heard) > kept:
            self._heard.popleft()

    async def _answer(self) -> None:
        if self._ended:
            return
        self._turns += 1
        if self._behaviour == "echo":
            if self._heard:
                await self._echo()
            return
        if self._turns == TOOL_TURN:
            await self._use_tool()
        if self._behaviour == "crashes":
            asyncio.get_running_loop().call_later(CRASH_AFTER_S, os._exit, 1)
        await self._say(f"line-{self._turns}")
        if self._behaviour == "hangs-up":
            self._ended = True
            await self.push_frame(EndWorkerFrame())

    async def _say(self, name: str) -> None:
        line = await Line.read(self._lines, name, self._rate)
        if line is None:
            return
        self._voice.load(line)
        await self.push_frame(LLMFullResponseStartFrame())
        for place, word in enumerate(line.words.split()):
            await self.push_frame(LLMTextFrame(f" {word}" if place else word))
        await self.push_frame(LLMFullResponseEndFrame())

    async def _echo(self) -> None:
        await self.push_frame(TTSStartedFrame())
        sound = b"".join(frame.audio for frame in self._heard)
        sound = await resampled(sound, self._heard[0].sample_rate, self._rate)
        await self.push_frame(TTSAudioRawFrame(sound, self._rate, 1))
        await self.push_frame(TTSStoppedFrame())
        self._heard.clear()

    async def _use_tool(self) -> None:
        name, number = "look_up_order", f"call_{self._turns}"
        arguments, result = {"order": 42}, {"status": "shipped"}
        call = FunctionCallFromLLM(name, number, arguments, context=None)
        await self.push_frame(FunctionCallsStartedFrame([call]))
        await self.push_frame(FunctionCallInProgressFrame(name, number, arguments))
        await self.push_frame(FunctionCallResultFrame(name, number, arguments, result))


async def serializer_for(kind: str, call: WebSocket) -> FrameSerializer:
    """Pipecat's own; that of Twilio reads the two messages which open a stream."""
    if kind == "protobuf":
        return ProtobufFrameSerializer()
    _, started = await parse_telephony_websocket(call)
    params = TwilioFrameSerializer.InputParams(auto_hang_up=False)
    return TwilioFrameSerializer(started.stream_id, started.call_id, params=params)


async def talk(call: WebSocket, options: argparse.Namespace) -> None:
    """One call over a WebSocket, from its first message to its end."""
    serializer = await serializer_for(options.serializer, call)
    params = FastAPIWebsocketParams(
        audio_in_enabled=True, audio_out_enabled=True, serializer=serializer
    )
    await converse(FastAPIWebsocketTransport(call, params), options)


async def talk_over_webrtc(connection: SmallWebRTCConnection, options: argparse.Namespace) -> None:
    """One call over WebRTC."""
    params = TransportParams(audio_in_enabled=True, audio_out_enabled=True)
    if options.renegotiates:
        asyncio.get_running_loop().call_later(2, connection.ask_to_renegotiate)
    await converse(SmallWebRTCTransport(connection, params), options)


async def converse(transport: BaseTransport, options: argparse.Namespace) -> None:
    """The bot of one call."""
    telephone = options.serializer == "twilio"
    hears, speaks = (8_000, 8_000) if telephone else (16_000, 24_000)
    voice = Voice(words=options.words)
    mind = Mind(options.behaviour, options.lines, voice, speaks)
    strategies = UserTurnStrategies(
        start=[VADUserTurnStartStrategy()],
        stop=[
            SpeechTimeoutUserTurnStopStrategy(
                user_speech_timeout=PATIENCE_S, wait_for_transcript=False
            )
        ],
    )
    pipeline = Pipeline(
        [
            transport.input(),
            VADProcessor(vad_analyzer=SileroVADAnalyzer(params=VADParams(stop_secs=VAD_STOP_S))),
            UserTurnProcessor(user_turn_strategies=strategies),
            mind,
            voice,
            transport.output(),
        ]
    )
    report = {"*": RTVIFunctionCallReportLevel.FULL}
    worker = PipelineWorker(
        pipeline,
        params=PipelineParams(audio_in_sample_rate=hears, audio_out_sample_rate=speaks),
        rtvi_observer_params=RTVIObserverParams(function_call_report_level=report),
    )

    @worker.rtvi.event_handler("on_client_ready")
    async def on_client_ready(_: object) -> None:
        await mind.greet()

    @transport.event_handler("on_client_connected")
    async def on_client_connected(*_: object) -> None:
        if telephone:
            await mind.greet()

    @transport.event_handler("on_client_disconnected")
    async def on_client_disconnected(*_: object) -> None:
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


def main() -> None:
    """Serve calls until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--serializer", choices=("twilio", "protobuf", "webrtc"), required=True)
    parser.add_argument("--behaviour", choices=BEHAVIOURS, default="conversation")
    parser.add_argument("--lines", type=Path, required=True)
    parser.add_argument("--words", action="store_true", help="a voice that knows its words")
    parser.add_argument("--renegotiates", action="store_true", help="with webrtc: after 2 s")
    parser.add_argument("--log", default="WARNING", help="level of what Pipecat logs")
    options = parser.parse_args()
    logger.remove()
    logger.add(sys.stderr, level=options.log)
    app = FastAPI()

    @app.websocket("/ws")
    async def on_call(call: WebSocket) -> None:
        await call.accept()
        await talk(call, options)

    offers = SmallWebRTCRequestHandler()

    @app.post("/api/offer")
    async def on_offer(
        request: SmallWebRTCRequest, background: BackgroundTasks
    ) -> dict[str, str] | None:
        async def begin(connection: SmallWebRTCConnection) -> None:
            background.add_task(talk_over_webrtc, connection, options)

        return await offers.handle_web_request(request, begin)

    # A bot is called on this machine only, and offers no other address.
    ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
    listening = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"listening on {listening.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    main()
