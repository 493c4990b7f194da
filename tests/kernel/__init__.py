"""The words that every part shares."""
