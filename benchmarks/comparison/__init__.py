"""What userkit and others do, each in an environment of its own: ``python -m benchmarks.comparison``."""
