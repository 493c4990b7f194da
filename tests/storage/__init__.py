"""The storage port and what every store is built from."""
