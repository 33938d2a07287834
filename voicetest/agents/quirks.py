"""What platforms do besides their documentation, for simulators that are told to."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["QUIRKS"]

QUIRKS: Mapping[str, str] = {}
"""The names that `faults:` of a dialogue may hold for a simulated platform, with what they mean."""
