"""Where the time of each path goes, as flame graphs that are kept: ``python -m benchmarks.profiles``."""
