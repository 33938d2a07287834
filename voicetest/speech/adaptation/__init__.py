"""Makes the acoustic model that knows espeak's voices, from the one in pocketsphinx's package."""
