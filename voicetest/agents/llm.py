"""A language model as the embedded agent's mind, through litellm."""

from __future__ import annotations

import os

from voicetest.agents.mind import CallTool, Reply
from voicetest.errors import ConnectionFailed

__all__ = ["DEFAULT_PROMPT", "LlmMind"]

DEFAULT_PROMPT = (
    "You are a helpful voice assistant on the phone. Answer in one or two short sentences."
)


class LlmMind:
    """One completion per user turn, with the whole conversation as history."""

    def __init__(self, model: str, system_prompt: str, base_url: str | None = None) -> None:
        # Without this litellm fetches its price list over the network when it is imported.
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        # The import takes seconds: here, before the line is open, it delays no frame of a call.
        import litellm

        self._complete = litellm.acompletion
        self._model = model
        self._base_url = base_url
        self._history = [{"role": "system", "content": system_prompt}]

    def greeting(self) -> str:
        """Nothing: a language model waits for the user."""
        return ""

    async def answer(self, heard: str, call_tool: CallTool) -> Reply:
        """The model's reply; raises ConnectionFailed when it cannot be had."""
        if not heard:
            return Reply("")
        self._history.append({"role": "user", "content": heard})
        text = await self._completion()
        self._history.append({"role": "assistant", "content": text})
        return Reply(text)

    async def answer_keys(self, keys: str, call_tool: CallTool) -> Reply:
        """The model's reply to being told which keys were pressed; raises ConnectionFailed."""
        return await self.answer(f"(The caller pressed the keys {keys}.)", call_tool)

    def cut_short(self, heard_share: float) -> None:
        """Keep only the words of the last reply that were heard."""
        last = self._history[-1]
        if last["role"] != "assistant":
            return
        words = last["content"].split()
        heard = " ".join(words[: round(heard_share * len(words))])
        self._history[-1:] = [{**last, "content": heard}] if heard else []

    async def _completion(self) -> str:
        from openai import OpenAIError

        try:
            response = await self._complete(
                model=self._model, messages=list(self._history), api_base=self._base_url
            )
        except OpenAIError as error:
            message = f"the language model '{self._model}' gave no answer: {error}"
            raise ConnectionFailed(message) from error
        return (response.choices[0].message.content or "").strip()
