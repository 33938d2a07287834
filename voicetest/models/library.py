"""litellm as we use it: imported late, quiet, and without connections that outlive their loop."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import os
import warnings
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from types import ModuleType

__all__ = ["connections", "litellm", "settle"]

_users: Counter[int] = Counter()
"""How many use litellm on each event loop, by its id; its own cache is by loop, too."""


def litellm() -> ModuleType:
    """The package; the first import takes seconds."""
    # Without this litellm fetches its price list over the network when it is imported.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    litellm.suppress_debug_info = True  # it prints advice beside every error
    litellm.disable_aiohttp_transport = True  # whose sockets outlive their session
    # It warns that every call has an event loop of its own.
    logging.getLogger("LiteLLM").setLevel(logging.ERROR)
    # Of openai's types, when litellm first makes a schema of them.
    warnings.filterwarnings("ignore", message="Item 'summary' on TypedDict class")
    return litellm


@cache
def settle() -> None:
    """Have the garbage collector leave alone, for ever, what was imported.

    It stops everything for 0.2 s each time that it looks through all of litellm: ten frames.
    """
    # Imported by openai at its first request, and large enough to wake the collector.
    importlib.import_module("openai.resources.chat")
    gc.collect()
    gc.freeze()


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


async def _close(package: ModuleType, loop: int) -> None:
    cached = package.in_memory_llm_clients_cache.cache_dict
    for key in [key for key in cached if key.endswith(f"-{loop}")]:
        await cached.pop(key).close()
