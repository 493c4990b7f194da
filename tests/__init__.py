"""The tests of userkit; `python -m pytest` runs them all."""
