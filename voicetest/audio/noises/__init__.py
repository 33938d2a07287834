"""Short noises that interrupt a call, as files made by this package itself."""
