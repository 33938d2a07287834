from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

import pytest

from tests.agents.chat_server import Served, chat_server
from voicetest.agents.llm import LlmMind
from voicetest.agents.mind import CallTool, Flow, Reply
from voicetest.clock import Clock, run
from voicetest.errors import ConnectionFailed
from voicetest.events import ToolResult
from voicetest.models.chat import Model, open_chat
from voicetest.scenario.tools import Tool
from voicetest.spending import Spending

pytestmark = pytest.mark.process

T = TypeVar("T")


async def _no_tool(
    name: str, arguments: dict[str, Any] | str, own_answer: Any = None
) -> ToolResult:
    raise AssertionError(name)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-not-a-real-key")


def _with_mind(
    replies: Sequence[str | Served],
    behave: Callable[[LlmMind], Coroutine[Any, Any, T]],
    tools: Sequence[Tool] = (),
) -> tuple[T, list[Any]]:
    """What `behave` returns, and the requests that the model got."""

    async def main(url: str) -> T:
        async with open_chat(Model("openai/small", url), Spending()) as chat:
            return await behave(LlmMind(chat, "Be brief.", tools))

    with chat_server(replies) as (url, requests):
        return run(main(url), Clock.REAL), requests


async def _said(reply: Reply | Flow) -> list[str]:
    assert isinstance(reply, Flow)
    return [sentence async for sentence in reply.sentences]


def _conversation(request: Any) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in request["messages"]]


def test_the_model_gets_the_prompt_first_and_then_the_whole_conversation() -> None:
    async def behave(mind: LlmMind) -> list[list[str]]:
        assert mind.greeting() == ""
        return [await _said(await mind.answer(text, _no_tool)) for text in ("hello", "and now?")]

    said, requests = _with_mind(["Hi there. How are you?", "Goodbye."], behave)
    assert said == [["Hi there.", "How are you?"], ["Goodbye."]]
    assert _conversation(requests[0]) == [("system", "Be brief."), ("user", "hello")]
    assert _conversation(requests[1]) == [
        ("system", "Be brief."),
        ("user", "hello"),
        ("assistant", "Hi there. How are you?"),
        ("user", "and now?"),
    ]


def test_each_user_turn_is_one_request_and_an_unheard_one_is_none() -> None:
    async def behave(mind: LlmMind) -> None:
        assert await mind.answer("", _no_tool) == Reply("")
        await _said(await mind.answer("hello", _no_tool))

    _, requests = _with_mind(["Hi."], behave)
    assert len(requests) == 1


def test_a_model_that_refuses_is_a_failed_connection() -> None:
    async def behave(mind: LlmMind) -> None:
        await _said(await mind.answer("hello", _no_tool))

    with pytest.raises(ConnectionFailed, match="openai/small"):
        _with_mind([Served(status=401)], behave)


def test_the_model_remembers_only_what_was_heard_of_its_words() -> None:
    async def behave(mind: LlmMind) -> None:
        mind.cut_short(0.5)
        await _said(await mind.answer("hello", _no_tool))
        mind.cut_short(0.5)
        await _said(await mind.answer("what?", _no_tool))
        mind.cut_short(0.0)
        await _said(await mind.answer("well?", _no_tool))

    _, requests = _with_mind(["One two. Three four.", "Never heard.", "Bye."], behave)
    assert [said for _, said in _conversation(requests[-1])] == [
        "Be brief.",
        "hello",
        "One two.",
        "what?",
        "well?",
    ]


def test_what_was_not_taken_of_an_answer_was_not_said() -> None:
    async def behave(mind: LlmMind) -> None:
        reply = await mind.answer("hello", _no_tool)
        assert isinstance(reply, Flow)
        assert await anext(reply.sentences) == "One two."
        await reply.sentences.aclose()
        unheard = await mind.answer("what?", _no_tool)
        assert isinstance(unheard, Flow)
        await unheard.sentences.aclose()
        await _said(await mind.answer("well?", _no_tool))

    _, requests = _with_mind(["One two. Three four. Five.", "Bye."], behave)
    assert _conversation(requests[-1])[1:] == [
        ("user", "hello"),
        ("assistant", "One two."),
        ("user", "what?"),
        ("user", "well?"),
    ]


def test_the_model_is_told_which_keys_were_pressed() -> None:
    async def behave(mind: LlmMind) -> list[str]:
        return await _said(await mind.answer_keys("12#", _no_tool))

    said, requests = _with_mind(["Thanks."], behave)
    assert said == ["Thanks."]
    assert "12#" in requests[0]["messages"][-1]["content"]


LOOK_UP = Tool.model_validate(
    {"name": "look_up", "description": "Finds it.", "parameters": {"type": "object"}}
)


def _answering(calls: list[tuple[str, Any]], failed: bool = False) -> CallTool:
    async def call_tool(
        name: str, arguments: dict[str, Any] | str, own_answer: Any = None
    ) -> ToolResult:
        calls.append((name, arguments))
        return ToolResult("1", f"{name} found", failed=failed)

    return call_tool


def test_tools_are_called_as_the_model_wrote_and_their_results_go_back_to_it() -> None:
    calls: list[tuple[str, Any]] = []

    async def behave(mind: LlmMind) -> list[str]:
        return await _said(await mind.answer("hello", _answering(calls)))

    wanted = Served("Let me see.", tools=[("look_up", '{"of":  1}'), ("other", "not json")])
    said, requests = _with_mind([wanted, "Found it."], behave, [LOOK_UP])
    assert said == ["Let me see.", "Found it."]
    assert calls == [("look_up", '{"of":  1}'), ("other", "not json")]
    assert requests[0]["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "look_up",
                "description": "Finds it.",
                "parameters": {"type": "object"},
            },
        }
    ]
    asked, *results = requests[1]["messages"][2:]
    assert asked["content"] == "Let me see."
    assert [use["id"] for use in asked["tool_calls"]] == ["call_0", "call_1"]
    assert asked["tool_calls"][0]["function"] == {"name": "look_up", "arguments": '{"of":  1}'}
    assert [(result["tool_call_id"], result["content"]) for result in results] == [
        ("call_0", "look_up found"),
        ("call_1", "other found"),
    ]


def test_the_model_is_told_of_a_tool_that_failed() -> None:
    async def behave(mind: LlmMind) -> None:
        await _said(await mind.answer("hello", _answering([], failed=True)))

    _, requests = _with_mind([Served(tools=[("look_up", "{}")]), "Sorry."], behave, [LOOK_UP])
    assert requests[1]["messages"][-1]["content"] == "error: look_up found"


def test_a_tool_call_that_was_interrupted_still_has_an_answer_in_the_history() -> None:
    async def stopped(
        name: str, arguments: dict[str, Any] | str, own_answer: Any = None
    ) -> ToolResult:
        raise ConnectionFailed("the call is over")

    async def behave(mind: LlmMind) -> None:
        with pytest.raises(ExceptionGroup):
            await _said(await mind.answer("hello", stopped))
        mind.cut_short(0.0)
        await _said(await mind.answer("well?", _no_tool))

    served: list[str | Served] = [Served("Wait.", tools=[("look_up", "{}")]), "Yes."]
    _, requests = _with_mind(served, behave, [LOOK_UP])
    roles = [message["role"] for message in requests[1]["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "user"]
    assert requests[1]["messages"][3]["content"].startswith("There was no answer")


def test_a_model_that_only_calls_tools_is_given_up() -> None:
    async def behave(mind: LlmMind) -> None:
        await _said(await mind.answer("hello", _answering([])))

    with pytest.raises(ConnectionFailed, match="8 times in a row"):
        _with_mind([Served(tools=[("look_up", "{}")])] * 8, behave, [LOOK_UP])
