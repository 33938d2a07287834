"""Writers over a result."""
