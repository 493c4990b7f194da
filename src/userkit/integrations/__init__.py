"""Integrations of frameworks. Each translates, and none decides."""
