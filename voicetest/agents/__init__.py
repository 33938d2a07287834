"""The embedded agent: ears, a mind, a mouth."""
