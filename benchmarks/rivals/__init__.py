"""Others who sign people in, each put together as its own documentation does."""
