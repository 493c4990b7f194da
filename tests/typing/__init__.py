"""What type checkers infer for those who use userkit; checked, and never run."""
