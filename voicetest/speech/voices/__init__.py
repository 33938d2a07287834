"""Text in, audio out."""
