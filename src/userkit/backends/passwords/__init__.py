"""Password hashing: argon2id, and the hashes of others as far as they can be compared with."""
