"""What the SQL store promises beyond what every store does."""
