"""Who may call the API: clients and their access tokens."""
