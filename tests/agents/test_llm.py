from __future__ import annotations

from typing import Any

import pytest

from tests.agents.chat_server import chat_server
from voicetest.agents.llm import LlmMind
from voicetest.agents.mind import Reply
from voicetest.clock import Clock, run
from voicetest.errors import ConnectionFailed
from voicetest.events import ToolResult

pytestmark = pytest.mark.process


async def _no_tool(name: str, arguments: dict[str, Any], own_answer: Any = None) -> ToolResult:
    raise AssertionError(name)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-not-a-real-key")


def test_the_model_gets_the_prompt_first_and_then_the_whole_conversation() -> None:
    async def main(url: str) -> list[Reply]:
        mind = LlmMind("openai/small", "Be brief.", url)
        assert mind.greeting() == ""
        return [await mind.answer(text, _no_tool) for text in ("hello", "and now?")]

    with chat_server(["Hi.", "Goodbye."]) as (url, requests):
        assert run(main(url), Clock.REAL) == [Reply("Hi."), Reply("Goodbye.")]
    assert [message["content"] for message in requests[0]["messages"]] == ["Be brief.", "hello"]
    assert [(message["role"], message["content"]) for message in requests[1]["messages"]] == [
        ("system", "Be brief."),
        ("user", "hello"),
        ("assistant", "Hi."),
        ("user", "and now?"),
    ]


def test_each_user_turn_is_one_request_and_an_unheard_one_is_none() -> None:
    async def main(url: str) -> None:
        mind = LlmMind("openai/small", "Be brief.", url)
        assert await mind.answer("", _no_tool) == Reply("")
        await mind.answer("hello", _no_tool)

    with chat_server(["Hi."]) as (url, requests):
        run(main(url), Clock.REAL)
    assert len(requests) == 1


def test_a_model_that_refuses_is_a_failed_connection() -> None:
    async def main(url: str) -> None:
        await LlmMind("openai/small", "Be brief.", url).answer("hello", _no_tool)

    with (
        chat_server([], status=401) as (url, _),
        pytest.raises(ConnectionFailed, match="openai/small"),
    ):
        run(main(url), Clock.REAL)


def test_the_model_remembers_only_what_was_heard_of_its_words() -> None:
    async def main(url: str) -> None:
        mind = LlmMind("openai/small", "Be brief.", url)
        mind.cut_short(0.5)
        await mind.answer("hello", _no_tool)
        mind.cut_short(0.5)
        await mind.answer("what?", _no_tool)
        mind.cut_short(0.0)
        await mind.answer("well?", _no_tool)

    with chat_server(["One two three four.", "Never heard.", "Bye."]) as (url, requests):
        run(main(url), Clock.REAL)
    said = [message["content"] for message in requests[-1]["messages"]]
    assert said == ["Be brief.", "hello", "One two", "what?", "well?"]


def test_the_model_is_told_which_keys_were_pressed() -> None:
    async def main(url: str) -> Reply:
        return await LlmMind("openai/small", "Be brief.", url).answer_keys("12#", _no_tool)

    with chat_server(["Thanks."]) as (url, requests):
        assert run(main(url), Clock.REAL) == Reply("Thanks.")
    assert "12#" in requests[0]["messages"][-1]["content"]
