"""What the reference says of the code, made from the code: ``python -m tests.docs.reference``."""
