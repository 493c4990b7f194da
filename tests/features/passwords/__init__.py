"""The feature `passwords`."""
