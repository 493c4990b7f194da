"""What the suites found, kept, judged by the goals, and written into pages."""
