"""voicetest runs a scripted phone call against a voice agent and says whether the agent passed."""

__all__ = ["__version__"]

__version__ = "0.1.0"
