"""The version, which is that of the API."""

VERSION = "2.0.0"
