"""The ports beside storage: passwords, mail, rate limits, and how a request proves who it is."""
