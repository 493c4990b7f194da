"""The two kits, and the features and settings they are made of."""
