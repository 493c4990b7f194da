"""Access tokens: keys, settings, and the auth backend that issues and accepts them."""
