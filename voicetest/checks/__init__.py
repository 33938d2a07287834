"""Expectations and metrics as pure functions of the call record."""
