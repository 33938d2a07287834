"""One file per platform: its settings and how to reach it."""
