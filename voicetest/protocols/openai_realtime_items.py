"""The items of a Realtime conversation, in their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

__all__ = ["ROOT", "Items"]

Json: TypeAlias = dict[str, Any]

ROOT = "root"
"""What an item stands after that is to be the first one."""


class Items:
    """Every item that is part of the conversation, by id; a finished one replaces its beginning."""

    def __init__(self) -> None:
        self._order: list[str] = []
        self._items: dict[str, Json] = {}

    def __contains__(self, item: object) -> bool:
        return isinstance(item, str) and item in self._items

    def put(self, item: Mapping[str, Any], after: str | None = None) -> str | None:
        """Add an item at the end or after another; gives the id of the one before it."""
        name = str(item["id"])
        if name not in self._items:
            place = len(self._order)
            if after is not None:
                place = 0 if after == ROOT else self._order.index(after) + 1
            self._order.insert(place, name)
        self._items[name] = dict(item)
        place = self._order.index(name)
        return self._order[place - 1] if place else None

    def get(self, item: object) -> Json | None:
        """The item with that id."""
        return self._items.get(item) if isinstance(item, str) else None

    def remove(self, item: str) -> None:
        """Forget an item."""
        del self._items[item]
        self._order.remove(item)

    def calls(self, call: str) -> bool:
        """Whether a function was called by that name of a call."""
        return any(
            item.get("type") == "function_call" and item.get("call_id") == call
            for item in self._items.values()
        )
