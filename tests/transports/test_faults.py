"""Each way in which a far side goes wrong ends the line soon, and the error says what it did."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.transports.faults import FAULTS, GREETING, frame
from tests.transports.raw_servers import Stream, listening, upgraded, vanishing
from voicetest.call.closing import broken_line
from voicetest.clock import Clock, run
from voicetest.errors import ConnectionFailed, ExitCode, ProtocolError, VoicetestError
from voicetest.events import Audio, Hangup
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import End
from voicetest.protocols.raw_pcm import RawPcm
from voicetest.transports.base import KeepAlive
from voicetest.transports.websocket import connect

pytestmark = pytest.mark.process

IMPATIENT = KeepAlive(interval=0.3, limit=1.5)
SOON_S = 8.0


def _ends(does: Stream, certificate: Path | None = None) -> tuple[VoicetestError, float]:
    """The error that such a server is to whoever calls it, and how much sound was heard, in s."""
    heard = 0.0
    theirs = ours = None
    if certificate is not None:
        theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        theirs.load_cert_chain(certificate)
        ours = ssl.create_default_context(cafile=str(certificate))

    async def call(port: int) -> VoicetestError:
        nonlocal heard
        url = f"{'ws' if ours is None else 'wss'}://localhost:{port}/"
        async with (
            connect(url, keep_alive=IMPATIENT, open_limit=1.0, tls=ours) as near,
            CodecLink(RawPcm(End.CLIENT), near) as link,
            aclosing(link.events()) as events,
        ):
            async for event in events:
                match event:
                    case Audio(chunk):
                        heard += chunk.duration
                    case Hangup(normal=False):
                        return broken_line(event)
                    case _:
                        pass
        raise AssertionError("it hung up as if nothing were wrong")

    async def main() -> VoicetestError:
        async with asyncio.timeout(SOON_S), listening(does, theirs) as port:
            try:
                return await call(port)
            except (ConnectionFailed, ProtocolError) as error:
                return error

    return run(main(), Clock.REAL), heard


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_ends_the_line_soon_and_is_told_in_words(name: str) -> None:
    error, _ = _ends(FAULTS[name].does)
    assert error.exit_code is ExitCode.CONNECTION
    assert FAULTS[name].words in str(error)


@pytest.mark.parametrize("name", ["reset within a message", "message too big", "closed 1011"])
def test_what_came_before_a_fault_is_heard(name: str) -> None:
    _, heard = _ends(FAULTS[name].does)
    assert heard == pytest.approx(0.5)


def test_an_encrypted_line_that_is_cut_is_told(certificate: Path) -> None:
    cut = upgraded(GREETING + frame(2, bytes(960))[:100], vanishing)
    error, _ = _ends(cut, certificate)
    assert "in the middle of a message" in str(error)
