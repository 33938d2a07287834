"""An agent built from parts inside this process: speech to text, a mind, text to speech."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field, SecretStr, model_validator

from voicetest.adapters.base import OFFLINE_EARS, OFFLINE_VOICE, Adapter, World
from voicetest.agents.dialogue import Dialogue, DialogueFile
from voicetest.agents.llm import DEFAULT_PROMPT, LlmMind
from voicetest.errors import ConnectionFailed
from voicetest.events import Event, Ping
from voicetest.links.base import Link
from voicetest.links.codec import CodecLink
from voicetest.models.chat import Model, open_chat
from voicetest.models.keys import missing_key
from voicetest.protocols.base import Capabilities, End
from voicetest.protocols.in_process import InProcess
from voicetest.scenario.values import Text
from voicetest.transports.base import Transport
from voicetest.transports.memory import memory_pair

if TYPE_CHECKING:
    from voicetest.agents.recipe import AgentRecipe

__all__ = ["ComposableVoiceAgent"]


class ComposableVoiceAgent(Adapter):
    """Speech to text → dialogue or language model → text to speech, each part named."""

    summary: ClassVar[str] = "an agent in this process: STT → LLM or dialogue → TTS"
    typical: ClassVar[Capabilities] = InProcess(End.CLIENT)
    over_a_line: ClassVar[bool] = False
    example: ClassVar[Mapping[str, str]] = {
        "stt": OFFLINE_EARS,
        "dialogue": "agents/example.yaml",
        "tts": OFFLINE_VOICE,
    }

    stt: Text = Field(description="The agent's ears: a transcriber, such as pocketsphinx/espeak.")
    dialogue: DialogueFile | None = Field(
        default=None, description="The agent's mind: a YAML file with its rules."
    )
    llm: Text | None = Field(
        default=None, description="The agent's mind: a language model, by its litellm name."
    )
    base_url: Text | None = Field(
        default=None, description="Where the language model is, if not at its usual address."
    )
    llm_api_key: SecretStr | None = Field(
        default=None,
        description="The language model's key, if it is not in the environment under its usual "
        "name.",
    )
    tts: Text = Field(description="The agent's voice, such as espeak/en-us.")
    system_prompt: Text = Field(
        default=DEFAULT_PROMPT, description="What the language model is told before the call."
    )

    @model_validator(mode="after")
    def _one_mind(self) -> Self:
        if (self.dialogue is None) == (self.llm is None):
            raise ValueError("give exactly one of dialogue and llm")
        if self.dialogue is not None and "system_prompt" in self.model_fields_set:
            raise ValueError("system_prompt is for llm; a dialogue has its rules")
        if self.dialogue is not None and self.dialogue.faults.quirks:
            raise ValueError("quirks are those of a platform, and there is none in this process")
        return self

    @property
    def dialogues(self) -> tuple[Dialogue, ...]:
        """Its mind, where that is a dialogue."""
        return () if self.dialogue is None else (self.dialogue,)

    @property
    def voices(self) -> Mapping[str, str]:
        """Its one voice."""
        return {"tts": self.tts}

    @property
    def transcribers(self) -> Mapping[str, str]:
        """Its ears."""
        return {"stt": self.stt}

    @property
    def models(self) -> Mapping[str, str]:
        """Its mind, unless that is a dialogue."""
        return {} if self.llm is None else {"llm": self.llm}

    @property
    def brief(self) -> str:
        """Its prompt."""
        return self.system_prompt

    @property
    def outside(self) -> tuple[str, ...]:
        """The language model, if there is one."""
        return () if self.llm is None else (f"agent.llm ({self.llm})",)

    @property
    def missing(self) -> tuple[str, ...]:
        """The key of the language model, unless it is somewhere else than usual."""
        if self.llm is None or self.llm_api_key is not None or self.base_url is not None:
            return ()
        return missing_key(self.llm)

    @property
    def sdks(self) -> tuple[str, ...]:
        """litellm, if there is a language model."""
        return () if self.llm is None else ("litellm",)

    @asynccontextmanager
    async def connect(self, world: World) -> AsyncIterator[Link]:
        """Start the agent at the far end of a line in memory."""
        async with AsyncExitStack() as open_parts:
            recipe = await self._recipe(world, open_parts)
            if recipe.faults.refuses:
                words = "the agent does not take the call: its dialogue says 'refuses'"
                raise ConnectionFailed(words)
            if world.real_time:
                await recipe.prepare()
            async with self._serving(recipe) as link:
                yield link

    @asynccontextmanager
    async def _serving(self, recipe: AgentRecipe) -> AsyncIterator[Link]:
        near: Transport[Event]
        far: Transport[Event]
        near, far = memory_pair()
        async with asyncio.TaskGroup() as tasks, CodecLink(InProcess(End.SERVER), far) as line:
            tasks.create_task(recipe.make(line, partial(far.send, Ping("?"))).serve())
            async with CodecLink(InProcess(End.CLIENT), near) as link:
                yield link

    async def _recipe(self, world: World, open_parts: AsyncExitStack) -> AgentRecipe:
        """The agent's parts; what has to be closed after the call is put into `open_parts`."""
        # Not needed to validate a scenario, and slow to import.
        from voicetest.agents.recipe import AgentRecipe

        dialogue, voice = self.dialogue, world.voice(self.tts)
        ears = world.transcriber(self.stt, dialogue.phrases if dialogue else ())
        if dialogue is not None:
            recipe = AgentRecipe.follows(dialogue, ears, voice, world.told)
            # Here a voice says a whole sentence at once, whatever it is told by.
            return replace(recipe, manners=replace(recipe.manners, generates=None))
        model = Model(self.llm or "", self.base_url, self.llm_api_key)
        chat = await open_parts.enter_async_context(open_chat(model, world.spending))
        return AgentRecipe(
            ears, lambda: LlmMind(chat, self.system_prompt, world.tools), voice, told=world.told
        )

    def offline(self, dialogue: Dialogue | None, local: bool) -> Adapter | None:
        """Itself if all its parts are local, else the same with offline parts and that mind."""
        if local:
            return self
        if dialogue is None:
            return None
        parts = {"stt": OFFLINE_EARS, "tts": OFFLINE_VOICE, "dialogue": dialogue, "llm": None}
        return self.model_copy(update=parts)
