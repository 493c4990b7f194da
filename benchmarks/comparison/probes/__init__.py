"""One program for each of them, which is run where it is installed and prints what it found as JSON."""
