"""What measures, measured: names, sums and pictures, and never the time."""
