"""Every framework does the same."""
