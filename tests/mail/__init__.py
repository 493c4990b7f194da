"""Mailers: what arrives, what is refused, and what a server cannot do to us."""
