"""The companies whose speech can be had over HTTP: how each is asked, and what its errors mean."""
