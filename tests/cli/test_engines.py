"""The commands that see every engine, over each of them."""

import secrets
from pathlib import Path

import pytest

from tests.cli.calling import Commands
from tests.servers.dynamodb import DynoxideServer
from tests.servers.mongodb import MongoServer
from tests.servers.postgres import PostgresServer
from tests.servers.redis import ValkeyServer


@pytest.fixture
def userkit(tmp_path: Path) -> Commands:
    """The command line over a file with one user."""
    userkit = Commands(tmp_path)
    userkit.create()
    return userkit


def moves_in(userkit: Commands, url: str) -> None:
    """Copy what is in the file, and see the user there, healthy."""
    assert userkit.document("copy", "--from", userkit.url, "--to", url, "--verify")["ok"] is True
    there = {"USERKIT_DATABASE": url}
    (user,) = userkit.document("users", "list", **there)["users"]
    assert user["email"] == "ada@example.com"
    states = {each["check"]: each["state"] for each in userkit.document("doctor", **there)["findings"]}
    assert (states["store: reached"], states["addresses: collisions"]) == ("ok", "ok")


def test_postgresql_is_moved_to(userkit: Commands, postgres16: PostgresServer) -> None:
    """Its tables have a history."""
    url = postgres16.url(database=postgres16.create_database())
    moves_in(userkit, url)
    assert userkit.document("db", "check", url)["ok"] is True


def test_mongodb_is_moved_to(userkit: Commands, mongo: MongoServer) -> None:
    """It has no tables, so there is nothing to migrate."""
    url = mongo.url(database=f"db_{secrets.token_hex(6)}")
    moves_in(userkit, url)
    assert "cannot run migrations" in userkit.refused("db", "check", url)


def test_dynamodb_is_moved_to(userkit: Commands, dynoxide: DynoxideServer) -> None:
    """Nor has it."""
    url = dynoxide.url(database=f"t{secrets.token_hex(6)}")
    moves_in(userkit, url)
    assert "cannot run migrations" in userkit.refused("db", "check", url)


def test_redis_is_moved_to(userkit: Commands, valkey: ValkeyServer) -> None:
    """In a space of its own."""
    url = f"{valkey.url()}?prefix={secrets.token_hex(6)}"
    moves_in(userkit, url)
    assert "cannot run migrations" in userkit.refused("db", "check", url)
