"""The schemas of requests, as pydantic models: a module for each kind, so that a function builds only its own."""
