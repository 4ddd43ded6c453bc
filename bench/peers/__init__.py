"""Published implementations, run as their authors run them."""
