"""Codes: their format, the lists that keep them, and the codes of a promotion as its owner sees them."""
