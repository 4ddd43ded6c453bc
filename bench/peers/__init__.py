"""What others have published, run as they run it."""
