"""What a kit can do: each feature is one folder."""
