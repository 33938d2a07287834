"""Language models by name, whoever serves them."""
