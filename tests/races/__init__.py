"""Many at once: who wins, and above all what survives."""
