"""One call on one clock: microphone, playout, recorder, timeline, turns."""
