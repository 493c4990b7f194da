"""Tests of Amazon Bedrock against real sockets."""
