"""Many calls at once, to see what becomes of the agent."""
