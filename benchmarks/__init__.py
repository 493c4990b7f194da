"""The figures we claim, each as a ratio to a rival in one run: ``python -m benchmarks``."""
