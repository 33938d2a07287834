from __future__ import annotations

import asyncio
import json
import logging
import threading
from contextlib import aclosing
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from tests.agents.chat_server import Served, chat_server
from voicetest.clock import Clock, run
from voicetest.errors import ConnectionFailed, ProtocolError, SetupError
from voicetest.models.chat import Chat, Model, ToolUse, open_chat
from voicetest.models.retries import Retries
from voicetest.spending import LimitReached, Spending, Spent

pytestmark = pytest.mark.process

KEY = "sk-test-not-a-real-key"
QUESTION = [{"role": "user", "content": "hello"}]
QUICK = Retries(first_s=0.01)


class Verdict(BaseModel):
    """What is asked for."""

    passed: bool


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


async def _streamed(url: str, spending: Spending | None = None, **asked: Any) -> list[Any]:
    model = Model("openai/small", url, retries=QUICK)
    async with open_chat(model, spending or Spending()) as chat:
        return [piece async for piece in chat.stream(QUESTION, **asked)]


async def _completed(url: str, name: str = "openai/small") -> str:
    async with open_chat(Model(name, url, retries=QUICK), Spending()) as chat:
        return await chat.complete(QUESTION)


async def _judged(url: str) -> Verdict:
    async with open_chat(Model("openai/small", url, retries=QUICK), Spending()) as chat:
        return await chat.structured(QUESTION, Verdict)


def test_an_answer_comes_piece_by_piece() -> None:
    with chat_server(["Good morning to you."]) as (url, requests):
        assert run(_streamed(url), Clock.REAL) == ["Good", " morning", " to", " you."]
    assert requests[0]["messages"] == QUESTION
    assert "tools" not in requests[0]


def test_tool_calls_that_come_in_pieces_side_by_side_are_put_together() -> None:
    wanted = [("look_up", '{"invoice": "March"}'), ("greet", "{}")]
    tools = [{"type": "function", "function": {"name": "look_up", "parameters": {}}}]
    with chat_server([Served("Wait.", tools=wanted)]) as (url, requests):
        pieces = run(_streamed(url, tools=tools), Clock.REAL)
    assert pieces == [
        "Wait.",
        ToolUse("call_0", "look_up", '{"invoice": "March"}'),
        ToolUse("call_1", "greet", "{}"),
    ]
    assert requests[0]["tools"] == tools


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_refusal_is_asked_again(status: int) -> None:
    refused = Served(status=status, headers={"retry-after": "0"})
    with chat_server([refused, Served(status=status), "Here I am."]) as (url, requests):
        assert run(_completed(url), Clock.REAL) == "Here I am."
    assert len(requests) == 3


def test_who_asks_for_patience_gets_it_unless_it_is_too_much() -> None:
    retries = Retries(longest_s=20.0)
    assert retries.wait(1, 7.5) == 7.5
    assert retries.wait(1, 21.0) is None
    assert retries.wait(4, 1.0) is None
    for tried, longest in ((1, 0.5), (2, 1.0), (3, 2.0)):
        waits = {retries.wait(tried, None) for _ in range(20)}
        assert len(waits) > 1
        assert all(wait is not None and longest / 2 <= wait <= longest for wait in waits)


def test_the_wait_that_a_model_asks_for_is_kept() -> None:
    async def timed(url: str) -> float:
        loop = asyncio.get_running_loop()
        start = loop.time()
        await _completed(url)
        return loop.time() - start

    with chat_server([Served(status=429, headers={"retry-after": "0.4"}), "Yes."]) as (url, _):
        assert run(timed(url), Clock.REAL) >= 0.4


@pytest.mark.parametrize(
    ("served", "message"),
    [
        (Served(status=400), "HTTP 400.*check its name and its settings"),
        (Served(status=401), "HTTP 401.*check its key"),
        (Served(status=402), "wants to be paid"),
        (Served(status=404), "HTTP 404.*check its name and 'base_url'"),
        (
            Served(status=429, body=b'{"error": {"message": "m", "code": "insufficient_quota"}}'),
            "quota or credit is used up",
        ),
        (Served(status=429, headers={"retry-after": "3600"}), "asked too much at a time"),
    ],
)
def test_a_refusal_that_will_not_pass_is_told_at_once(served: Served, message: str) -> None:
    with (
        chat_server([served]) as (url, requests),
        pytest.raises(ConnectionFailed, match=message) as failed,
    ):
        run(_completed(url), Clock.REAL)
    assert len(requests) == 1
    assert failed.value.code == served.status


def test_a_model_that_is_down_is_given_up_after_four_tries() -> None:
    with (
        chat_server([], status=500) as (url, requests),
        pytest.raises(ConnectionFailed, match="gave no answer, 4 times: it fails"),
    ):
        run(_completed(url), Clock.REAL)
    assert len(requests) == 4


@pytest.mark.parametrize(
    "body", [b"<html><body>Welcome</body></html>", b"\xff\xfe\x00{", b"{}", b"null"]
)
@pytest.mark.parametrize("ask", [_completed, _streamed])
def test_what_is_no_answer_of_a_model_is_a_failed_connection(body: bytes, ask: Any) -> None:
    with (
        chat_server([Served(body=body, kind="text/html")] * 4) as (url, _),
        pytest.raises(ConnectionFailed, match="openai/small"),
    ):
        run(ask(url), Clock.REAL)


@pytest.mark.parametrize(
    "served", [Served("One two three.", cut_after=2), Served("One", ends=False)]
)
def test_an_answer_that_breaks_off_is_no_answer(served: Served) -> None:
    async def main(url: str) -> list[Any]:
        pieces: list[Any] = []
        async with open_chat(Model("openai/small", url), Spending()) as chat:
            with pytest.raises(ConnectionFailed, match="broke off"):
                pieces.extend([piece async for piece in _into(pieces, chat)])
        return pieces

    with chat_server([served]) as (url, requests):
        assert run(main(url), Clock.REAL)[0] == "One"
    assert len(requests) == 1


async def _into(pieces: list[Any], chat: Chat) -> Any:
    async for piece in chat.stream(QUESTION):
        pieces.append(piece)
        yield piece


def test_a_model_that_keeps_silent_is_given_up() -> None:
    async def main(url: str) -> None:
        model = Model("openai/small", url, piece_limit_s=0.3, retries=Retries(tries=1))
        async with open_chat(model, Spending()) as chat:
            await anext(chat.stream(QUESTION))

    gate = threading.Event()
    with chat_server([Served("Late.", gates={0: gate})]) as (url, _):
        with pytest.raises(ConnectionFailed, match="took too long"):
            run(main(url), Clock.REAL)
        gate.set()


def test_a_host_that_is_not_there_is_a_failed_connection() -> None:
    with pytest.raises(ConnectionFailed, match=r"cannot be reached.*check the network"):
        run(_completed("http://127.0.0.1:1/v1"), Clock.REAL)


@pytest.mark.parametrize("given", [None, SecretStr("another-secret-key")])
def test_no_key_is_in_what_is_told(
    given: SecretStr | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = KEY if given is None else given.get_secret_value()
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {key}."}}).encode()
    model = Model("openai/small", None, given)
    assert key not in repr(model)

    async def main(url: str) -> None:
        async with open_chat(Model("openai/small", url, given), Spending()) as chat:
            await chat.complete(QUESTION)

    with (
        chat_server([Served(status=401, body=body)]) as (url, _),
        pytest.raises(ConnectionFailed, match=r"provided: \*\*\*") as failed,
    ):
        run(main(url), Clock.REAL)
    assert key not in str(failed.value)
    assert failed.value.__cause__ is None
    assert key not in caplog.text


def test_what_is_used_is_accounted_for_and_priced_where_the_price_is_known() -> None:
    async def main(url: str, name: str, spending: Spending) -> None:
        async with open_chat(Model(name, url), spending) as chat:
            await chat.complete(QUESTION)
            _ = [piece async for piece in chat.stream(QUESTION)]

    spending = Spending()
    with chat_server(["Two words."] * 4) as (url, _):
        run(main(url, "openai/small", spending), Clock.REAL)
        run(main(url, "openai/gpt-5.4-mini", spending), Clock.REAL)
    small, known = spending.items[:2], spending.items[2:]
    assert small == (Spent("openai/small", 10, 2, None),) * 2
    price = 10 * 0.75e-6 + 2 * 4.5e-6
    for item in known:
        assert (item.tokens_in, item.tokens_out) == (10, 2)
        assert item.cost_usd == pytest.approx(price)
    assert spending.usd == pytest.approx(2 * price)


def test_an_answer_that_is_no_longer_wanted_is_accounted_for_at_an_unknown_price() -> None:
    async def main(url: str, spending: Spending) -> None:
        async with (
            open_chat(Model("openai/small", url), spending) as chat,
            aclosing(chat.stream(QUESTION)) as pieces,
        ):
            assert await anext(pieces) == "One"

    spending = Spending()
    with chat_server(["One two three."]) as (url, _):
        run(main(url, spending), Clock.REAL)
    assert spending.items == (Spent("openai/small"),)


def test_so_is_one_that_is_no_longer_wanted_before_it_has_begun() -> None:
    gate = threading.Event()

    async def main(url: str, spending: Spending) -> None:
        async with open_chat(Model("openai/small", url), spending) as chat:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1.0):
                    await anext(chat.stream(QUESTION))

    spending = Spending()
    with chat_server([Served("Late.", gates={0: gate})]) as (url, requests):
        run(main(url, spending), Clock.REAL)
        gate.set()
    assert len(requests) <= 1  # a busy machine may not have asked yet
    assert spending.items == (Spent("openai/small"),)


def test_nothing_is_asked_when_the_limit_is_spent() -> None:
    spending = Spending(0.01)
    spending.add(Spent("anything", cost_usd=0.01))
    with (
        chat_server(["Yes."]) as (url, requests),
        pytest.raises(LimitReached, match=r"limits.max_cost is \$0.01 and \$0.01 is spent"),
    ):
        run(_streamed(url, spending), Clock.REAL)
    assert requests == []


def test_values_are_asked_for_with_their_schema() -> None:
    with chat_server(['{"passed": true}']) as (url, requests):
        assert run(_judged(url), Clock.REAL) == Verdict(passed=True)
    assert requests[0]["response_format"]["type"] == "json_schema"
    assert '"passed"' in requests[0]["messages"][-1]["content"]


def test_nonsense_is_asked_for_once_more_with_what_is_wrong_with_it() -> None:
    fenced = '```json\n{"passed": false}\n```'
    with chat_server(["I think so.", fenced]) as (url, requests):
        assert run(_judged(url), Clock.REAL) == Verdict(passed=False)
    assert requests[1]["messages"][-2]["content"] == "I think so."
    assert "That is not what was asked for" in requests[1]["messages"][-1]["content"]


def test_nonsense_twice_is_the_models_fault() -> None:
    with (
        chat_server(["Nonsense.", '{"passed": "perhaps"}']) as (url, _),
        pytest.raises(ProtocolError, match="did not answer in the form asked for, twice"),
    ):
        run(_judged(url), Clock.REAL)


def test_two_models_side_by_side_do_not_mix() -> None:
    async def main(first: str, second: str) -> list[str]:
        return list(await asyncio.gather(*map(_completed, (first, second, first, second))))

    with chat_server(["One."] * 2) as (first, _), chat_server(["Two."] * 2) as (second, _):
        assert run(main(first, second), Clock.REAL) == ["One.", "Two.", "One.", "Two."]


def test_a_name_without_a_provider_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(SetupError, match="no language model is called 'no_such_provider'"):
        run(_completed("http://127.0.0.1:1/v1", "no_such_provider"), Clock.REAL)


CLAUDE = b"".join(
    b"event: %b\ndata: %b\n\n" % (kind, b'{"type": "%b", %b}' % (kind, fields))
    for kind, fields in [
        (
            b"message_start",
            b'"message": {"id": "m", "type": "message", "role": "assistant", "content": [], '
            b'"model": "claude", "usage": {"input_tokens": 25, "output_tokens": 1}}',
        ),
        (b"content_block_start", b'"index": 0, "content_block": {"type": "text", "text": ""}'),
        (b"content_block_delta", b'"index": 0, "delta": {"type": "text_delta", "text": "Hello."}'),
        (b"content_block_stop", b'"index": 0'),
        (b"message_delta", b'"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 15}'),
        (b"message_stop", b'"x": 0'),
    ]
)
GEMINI = (
    b'data: {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hello."}]}, '
    b'"finishReason": "STOP", "index": 0}], '
    b'"usageMetadata": {"promptTokenCount": 25, "candidatesTokenCount": 15}}\n\n'
)


@pytest.mark.parametrize(
    ("name", "key", "body"),
    [
        ("anthropic/claude-sonnet-4-5", "ANTHROPIC_API_KEY", CLAUDE),
        ("gemini/gemini-2.5-flash", "GEMINI_API_KEY", GEMINI),
    ],
)
def test_models_of_other_providers_are_asked_in_their_own_way(
    monkeypatch: pytest.MonkeyPatch, name: str, key: str, body: bytes
) -> None:
    monkeypatch.setenv(key, "a-secret-that-is-no-key")
    busy = Served(status=429, headers={"retry-after": "0"})

    async def main(url: str, spending: Spending) -> list[Any]:
        async with open_chat(Model(name, url, retries=QUICK), spending) as chat:
            return [piece async for piece in chat.stream(QUESTION)]

    spending = Spending()
    served = [busy, busy, Served(body=body, kind="text/event-stream")]
    with chat_server(served) as (url, requests):
        assert run(main(url, spending), Clock.REAL) == ["Hello."]
    assert len(requests) == 3
    (spent,) = spending.items
    assert (spent.tokens_in, spent.tokens_out) == (25, 15)
    assert spent.cost_usd is not None
    assert spent.cost_usd > 0


def test_a_page_in_place_of_a_stream_is_told_from_an_answer_that_broke_off() -> None:
    page = Served(body=b"<html></html>", kind="text/html")
    with (
        chat_server([page]) as (url, _),
        pytest.raises(ConnectionFailed, match="sends nothing that a model would"),
    ):
        run(_streamed(url), Clock.REAL)
