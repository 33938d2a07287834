"""Scenario files: YAML with positions in, validated values out."""
