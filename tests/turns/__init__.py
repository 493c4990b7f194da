"""Turns: callers in one process do something one after another."""
