"""Words that every part of userkit shares: entities, ids, time, secrets, addresses and names."""
