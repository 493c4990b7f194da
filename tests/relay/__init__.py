"""The relay: doing what is in the outbox beside the application."""
