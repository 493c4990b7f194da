"""What is kept of a person: handed out to them, and forgotten."""
