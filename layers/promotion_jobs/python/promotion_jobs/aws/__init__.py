"""Adapters of AWS: the table, the queue, the files and the bus. None of them knows a rule of this service."""
