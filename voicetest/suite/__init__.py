"""Several scenarios in one run."""
