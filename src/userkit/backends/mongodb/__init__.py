"""Entities in MongoDB: ``MongoStore`` over PyMongo, synchronous and asynchronous, and over Motor."""

from userkit.backends.mongodb.settings import MongoSettings
from userkit.backends.mongodb.store import MongoStore

__all__ = ["MongoSettings", "MongoStore"]
