"""Password hashing: the plain hasher, the hashes of others, and the pools."""
