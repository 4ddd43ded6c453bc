"""The adapters of the one table: items, keys and conditions. Nothing here knows HTTP."""
