"""Clients, which may call the API, and their access tokens."""
