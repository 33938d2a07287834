"""Text to speech, speech to text, and their cache."""
