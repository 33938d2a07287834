"""The commands: each parses, calls one function, prints, exits."""

from voicetest.cli.app import main

__all__ = ["main"]
