"""What `userkit serve` does, over a real socket and piece by piece."""
