"""Jobs: their states, their types, and the worker that takes them through both."""
