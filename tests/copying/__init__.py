"""Copying from one store to another, and what is left when it is interrupted."""
