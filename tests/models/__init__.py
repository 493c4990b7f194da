"""Tests of language models and of what gives them to a kit."""
