"""What is particular to Flask: the extension, its guards, and processes that are forked."""
