"""A store on Amazon DynamoDB: one table, by boto3."""

__all__ = ["DynamoDBStore"]

from userkit.backends.dynamodb.store import DynamoDBStore
