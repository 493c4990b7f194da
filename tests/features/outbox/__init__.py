"""What must still be done after a commit is done, at least once."""
