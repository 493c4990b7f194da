"""What no type checker sees: names, docstrings, what an import costs, and the shape of the code."""
