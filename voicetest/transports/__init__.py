"""Whole messages, in order, until closed."""
