"""One language model that is asked, by its litellm name: in pieces, at once, or for values."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from voicetest.errors import ConnectionFailed, ProtocolError
from voicetest.models.library import connections, rehearse
from voicetest.models.prices import list_price
from voicetest.models.refusals import Refusal, refusal
from voicetest.models.retries import Retries
from voicetest.models.side_loop import SideLoop, side_loop
from voicetest.spending import Spending, Spent

__all__ = ["Chat", "Message", "Model", "ToolUse", "open_chat"]

T = TypeVar("T", bound=BaseModel)

Message: TypeAlias = dict[str, Any]
"""In the shape of OpenAI's chat completions, which litellm translates for everybody else."""


@dataclass(frozen=True)
class Model:
    """A language model and how it is reached; times in seconds."""

    name: str
    """As litellm calls it, such as openai/gpt-5.4-mini."""
    base_url: str | None = None
    """None for the provider's usual address."""
    api_key: SecretStr | None = None
    """None for that of the environment."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """More that is sent with each request, such as temperature or seed."""
    piece_limit_s: float = 60.0
    """How long the first piece of an answer, and each one after it, may take."""
    retries: Retries = field(default_factory=Retries)


@dataclass(frozen=True)
class ToolUse:
    """The model wants a tool to be called; `arguments` is the JSON text as it wrote it."""

    id: str
    name: str
    arguments: str


@asynccontextmanager
async def open_chat(model: Model, spending: Spending) -> AsyncIterator[Chat]:
    """A model that can be asked inside the block; what it is asked is charged to `spending`."""
    async with side_loop() as side:
        lasting = AsyncExitStack()
        litellm = await side.run(lasting.enter_async_context(connections()))
        try:
            await side.run(rehearse(litellm, model.name))
            yield Chat(model, spending, litellm, side)
        finally:
            await side.run(lasting.aclose())


class Chat:
    """Asks one model; it keeps no conversation.

    litellm holds up the loop it runs on, half a second at its first request, so it has its own.

    Everything here raises ConnectionFailed when the model does not answer, and LimitReached
    before a request that may not be paid for.
    """

    def __init__(
        self, model: Model, spending: Spending, litellm: ModuleType, side: SideLoop
    ) -> None:
        self._model = model
        self._spending = spending
        self._litellm = litellm
        self._side = side

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()
    ) -> AsyncGenerator[str | ToolUse, None]:
        """Pieces of the answer's text as they come, then the tools it wants to be called.

        A request that fails before its first piece is made again.
        """
        asked: dict[str, Any] = {"messages": list(messages), "stream": True}
        asked["stream_options"] = {"include_usage": True}
        if tools:
            # Else litellm looks for tools behind MCP, with a package that it does not depend on.
            asked |= {"tools": list(tools), "_skip_mcp_handler": True}
        response, chunk = await self._retried(asked)
        wanted: dict[int, Message] = {}
        wrote = False
        usage = None
        try:
            while chunk is not None:
                usage = getattr(chunk, "usage", None) or usage
                text = _add_up_tools(chunk, wanted)
                if text:
                    wrote = True
                    yield text
                chunk = await self._side.run(self._next(response))
        finally:
            self._charge(usage)
            await self._side.run(response.aclose())
        # Which of them is set depends on the provider.
        if response.received_finish_reason is None and response.intermittent_finish_reason is None:
            raise self._broken_off() if wrote or wanted else self._no_model()
        for use in wanted.values():
            yield ToolUse(use["id"], use["name"], use["arguments"])

    async def complete(self, messages: Sequence[Message], **options: Any) -> str:
        """The whole answer; raises ProtocolError when the model declines to give one."""
        response, _ = await self._retried({"messages": list(messages), **options})
        self._charge(getattr(response, "usage", None))
        message = response.choices[0].message
        declined = getattr(message, "refusal", None)
        if declined:
            raise ProtocolError(f"the language model '{self._model.name}' declines: {declined}")
        return str(message.content or "").strip()

    async def structured(self, messages: Sequence[Message], kind: type[T]) -> T:
        """The answer as a value of `kind`; what is none is asked for once more.

        Raises ProtocolError when that is none either.
        """
        schema = json.dumps(kind.model_json_schema(), ensure_ascii=False)
        form = f"Answer with one JSON object and nothing else. Its JSON Schema: {schema}"
        asked = [*messages, {"role": "system", "content": form}]
        for _ in range(2):
            answer = await self.complete(asked, response_format=kind)
            try:
                return kind.model_validate_json(_unfenced(answer))
            except ValidationError as error:
                problem = f"{error.error_count()} mistakes, first: {error.errors()[0]['msg']}"
            told = f"That is not what was asked for: {problem}. Answer again."
            asked = [*asked, {"role": "assistant", "content": answer}]
            asked.append({"role": "user", "content": told})
        raise ProtocolError(
            f"the language model '{self._model.name}' did not answer in the form asked for, twice "
            f"({problem}): use another model"
        )

    async def _retried(self, asked: Mapping[str, Any]) -> tuple[Any, Any]:
        """The response, and its first chunk if it comes in chunks."""
        tried = 0
        while True:
            self._spending.check(self._model.name)
            tried += 1
            try:
                failure = await self._side.run(self._attempt(asked))
            except asyncio.CancelledError:
                self._charge(None)
                raise
            if not isinstance(failure, Refusal):
                return failure
            wait = self._model.retries.wait(tried, failure.after_s) if failure.passes else None
            if wait is None:
                # Not chained: the words of the library's own error may hold a key.
                raise failure.error(self._model.name, tried) from None
            await asyncio.sleep(wait)

    async def _attempt(self, asked: Mapping[str, Any]) -> tuple[Any, Any] | Refusal:
        from openai import OpenAIError

        model, key = self._model, self._key
        try:
            async with asyncio.timeout(model.piece_limit_s):
                response = await self._litellm.acompletion(
                    model=model.name,
                    api_base=model.base_url,
                    api_key=key,
                    num_retries=0,
                    max_retries=0,
                    drop_params=True,
                    **{**model.options, **asked},
                )
                if not asked.get("stream"):
                    return response, None
                return response, await anext(aiter(response), None)
        except (OpenAIError, TimeoutError) as error:
            return refusal(error, key)

    async def _next(self, response: Any) -> Any:
        from openai import OpenAIError

        try:
            async with asyncio.timeout(self._model.piece_limit_s):
                return await anext(response, None)
        except (OpenAIError, TimeoutError) as error:
            why = refusal(error, self._key).why
            raise self._broken_off(why) from None

    @property
    def _key(self) -> str | None:
        key = self._model.api_key
        return None if key is None else key.get_secret_value()

    def _broken_off(self, why: str = "it ended without its end") -> ConnectionFailed:
        return ConnectionFailed(
            f"the answer of the language model '{self._model.name}' broke off: {why}"
        )

    def _no_model(self) -> ConnectionFailed:
        name = self._model.name
        words = f"what answers for the language model '{name}' sends nothing that a model would"
        return ConnectionFailed(f"{words}: check 'base_url'")

    def _charge(self, usage: Any) -> None:
        if usage is None:  # an answer that was broken off costs, and nobody says how much
            self._spending.add(Spent(self._model.name))
            return
        used = usage.prompt_tokens or 0, usage.completion_tokens or 0
        self._spending.add(Spent(self._model.name, *used, list_price(self._model.name, *used)))


def _add_up_tools(chunk: Any, wanted: dict[int, Message]) -> str:
    """The text of a chunk; its pieces of tool calls are added to those before them."""
    if not chunk.choices:
        return ""
    delta = chunk.choices[0].delta
    for piece in delta.tool_calls or ():
        use = wanted.setdefault(piece.index, {"id": "", "name": "", "arguments": ""})
        use["id"] = use["id"] or piece.id or ""
        use["name"] += piece.function.name or ""
        use["arguments"] += piece.function.arguments or ""
    return delta.content or ""


def _unfenced(answer: str) -> str:
    """An answer without the Markdown fence that some models put around JSON."""
    lines = answer.strip().splitlines()
    fenced = len(lines) > 1 and lines[0].startswith("```") and lines[-1].strip() == "```"
    return "\n".join(lines[1:-1]) if fenced else answer
