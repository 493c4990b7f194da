"""The feature users, over a store in memory."""
