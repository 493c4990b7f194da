"""Every store of ours against the standard suite."""
