"""Promotions, and the items that keep them."""
