"""The feature api_keys."""
