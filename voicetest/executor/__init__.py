"""Plays the script: one file per step kind, and the loop that runs them."""
