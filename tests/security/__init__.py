"""The promises about security; the names of the tests carry their ids."""
