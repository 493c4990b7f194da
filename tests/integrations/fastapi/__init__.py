"""The integration with FastAPI: what only FastAPI has, beside what every integration must do."""
