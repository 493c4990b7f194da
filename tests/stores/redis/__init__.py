"""What is particular about Redis and Valkey, and what goes wrong with them."""
