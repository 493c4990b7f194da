"""Adapters to databases and services. Each is behind an extra, and nobody imports one by name."""
