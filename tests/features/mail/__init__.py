"""Letters: written into a commit, rendered and sent after it, and harmless whoever they are about."""
