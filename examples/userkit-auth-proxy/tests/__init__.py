"""The tests of userkit-auth-proxy."""
