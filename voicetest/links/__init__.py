"""What a call sees of a line: events in, events out."""
