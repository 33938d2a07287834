"""The far side of each platform, on this machine."""
