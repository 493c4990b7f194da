"""Sessions: opened, refreshed, listed and ended."""
