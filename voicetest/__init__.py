"""voicetest runs a scripted phone call against a voice agent and says whether the agent passed."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("voicetest")
