"""Audio values and the arithmetic on them; nothing here waits."""
