"""HTTP without a framework: requests and responses made by hand."""
