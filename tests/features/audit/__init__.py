"""The feature audit, over a store in memory."""
