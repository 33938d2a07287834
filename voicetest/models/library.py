"""litellm as we use it: imported late, quiet, and without connections that outlive their loop."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import warnings
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from types import ModuleType

from voicetest.errors import SetupError

__all__ = ["connections", "litellm", "rehearse", "settle"]

_users: Counter[int] = Counter()
"""How many use litellm on each event loop, by its id; its own cache is by loop, too."""


def litellm() -> ModuleType:
    """The package; the first import takes seconds."""
    # Without this litellm fetches its price list over the network when it is imported.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    litellm.suppress_debug_info = True  # it prints advice beside every error
    litellm.disable_aiohttp_transport = True  # whose sockets outlive their session
    # It would put each stream together again for its log, which nobody reads.
    litellm.disable_streaming_logging = True
    # Where a provider reports no tokens, litellm counts them with what it finds in the network.
    litellm.disable_hf_tokenizer_download = True
    # It warns that every call has an event loop of its own.
    logging.getLogger("LiteLLM").setLevel(logging.ERROR)
    # Of openai's types, when litellm first makes a schema of them.
    warnings.filterwarnings("ignore", message="Item 'summary' on TypedDict class")
    return litellm


@asynccontextmanager
async def connections() -> AsyncIterator[ModuleType]:
    """litellm; when the last one on an event loop leaves, what it connected there is closed."""
    package = litellm()
    loop = id(asyncio.get_running_loop())
    _users[loop] += 1
    try:
        yield package
    finally:
        _users[loop] -= 1
        if not _users[loop]:
            del _users[loop]
            await _close(package, loop)


async def rehearse(package: ModuleType, model: str) -> None:
    """Let it load and make what its first answer would have to wait a second for; asks nobody.

    Raises SetupError for a name without a provider that it knows.
    """
    import openai.resources.chat as _  # noqa: F401  # loaded late by the package itself
    from openai import OpenAIError

    question = [{"role": "user", "content": "hello"}]
    try:
        answer = await package.acompletion(
            model=model, messages=question, mock_response="Hello.", stream=True
        )
    except OpenAIError as error:
        words = f"no language model is called '{model}': write provider/model, as litellm does"
        raise SetupError(words) from error
    async for piece in answer:
        del piece
    settle()


@cache
def settle() -> None:
    """Have the garbage collector leave alone, for ever, what was imported.

    It stops every thread for 0.2 s each time that it looks through all of litellm: ten frames.
    """
    gc.collect()
    gc.freeze()


async def _close(package: ModuleType, loop: int) -> None:
    cached = package.in_memory_llm_clients_cache.cache_dict
    for key in [key for key in list(cached) if key.endswith(f"-{loop}")]:
        await cached.pop(key).close()
