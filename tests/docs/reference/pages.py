"""The pages of the reference, and what is made of the code on each of them."""

from collections.abc import Mapping
from pathlib import Path

from tests.docs.reference.errors import error_tree, with_facts
from tests.docs.reference.features import FEATURES, FOLDER, feature_blocks, options_table, page_of
from tests.docs.reference.markdown import filled
from tests.docs.reference.offers import Offers
from tests.docs.reference.promises import (
    EXPERIMENTS,
    PROMISES,
    experiments_table,
    places_of_tests,
    promises_of,
    promises_table,
)
from tests.docs.reference.settings import settings_table, variables_table
from userkit import UserKit
from userkit.backends.dynamodb.settings import DynamoDBSettings
from userkit.backends.mongodb.settings import MongoSettings
from userkit.backends.passwords.settings import Argon2Settings
from userkit.backends.redis.cache_settings import RedisCacheSettings
from userkit.backends.redis.settings import RedisSettings
from userkit.backends.sqlalchemy.settings import SQLAlchemySettings
from userkit.settings import UserKitSettings

__all__ = ["FOLDER", "blocks", "written"]


def blocks() -> dict[str, Mapping[str, str]]:
    """Return what is made of the code, by page and by the name of its place."""
    offers = Offers.of_every_feature()
    made: dict[str, Mapping[str, str]] = {
        page_of(name): {**feature_blocks(name), **offers.blocks(name), "promises": promises_of(name)}
        for name in FEATURES
    }
    made["http.md"] = {"routes": offers.every_route()}
    made["security-promises.md"] = {
        "promises": promises_table(),
        "experiments": experiments_table(),
        "places": places_of_tests([*PROMISES, *EXPERIMENTS]),
    }
    made["settings.md"] = {
        "arguments": options_table(UserKit.__init__),
        "variables": variables_table(UserKitSettings),
        "hashing": variables_table(Argon2Settings),
        "SQL": settings_table(SQLAlchemySettings),
        "cache": settings_table(RedisCacheSettings, own=True),
    }
    made["backends/dynamodb.md"] = {"options": settings_table(DynamoDBSettings)}
    made["backends/mongodb.md"] = {"options": settings_table(MongoSettings)}
    made["backends/redis.md"] = {"options": settings_table(RedisSettings)}
    return made


def written() -> dict[Path, str]:
    """Return every page as it must be."""
    errors = FOLDER / "errors.md"
    pages = {errors: filled(with_facts(_text(errors)), "tree", error_tree())}
    for name, made in blocks().items():
        page = _text(FOLDER / name)
        for place, block in made.items():
            page = filled(page, place, block)
        pages[FOLDER / name] = page
    return pages


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")
