"""Benchmarks: this service beside what it is compared with, in one interleaved run, each with its goal."""
