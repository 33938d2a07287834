"""Audio in, text out."""
