"""Numbers that are the same in every run: what is sent, what is kept, and what is executed."""
