"""The server that ``userkit serve`` runs: accounts over HTTP, with metrics and logs. Extra ``serve``."""
