"""Applications with one guarded route each, as a server runs them in a process of its own."""
