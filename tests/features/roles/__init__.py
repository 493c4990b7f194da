"""The feature roles."""
