"""What userkit can do, feature by feature."""
