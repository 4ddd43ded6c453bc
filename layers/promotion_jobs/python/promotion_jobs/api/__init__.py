"""HTTP in, HTTP out. No other part of the package knows about it."""
