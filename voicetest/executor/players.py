"""Gets ready whoever makes up lines in a call, before the line is open."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from voicetest.executor.parts import user_rate, user_voice
from voicetest.executor.plan import Plan
from voicetest.executor.player import Player
from voicetest.executor.prepare import LineMaker
from voicetest.executor.user_mind import UserMind
from voicetest.models.named import model_of
from voicetest.scenario.steps import ImproviseStep

__all__ = ["players"]


async def players(planned: Plan, folder: Path, call: AsyncExitStack) -> dict[int, Player]:
    """The player of each `improvise` step; their model can be asked until `call` is over."""
    file, world = planned.file, planned.world
    scenario = file.scenario
    steps = {i: step for i, step in enumerate(scenario.script) if isinstance(step, ImproviseStep)}
    if not steps or scenario.user.model is None:
        return {}
    opened = world.chat(model_of(scenario.user.model, scenario.seed), world.spending)
    asked = await call.enter_async_context(opened)
    found = {}
    for index, step in steps.items():
        voice = world.voice(user_voice(file, step))
        if world.real_time:
            await voice.prepare()
        mind = UserMind(asked, scenario.user, step.improvise)
        maker = LineMaker(file, world, folder)
        found[index] = Player(index, mind, voice, user_rate(file, step), maker)
    return found
