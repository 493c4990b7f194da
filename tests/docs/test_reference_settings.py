"""Every variable that is read is in the reference, and no other."""

import re

import pytest
from pydantic_settings import BaseSettings

from tests.docs.reference.pages import FOLDER
from tests.docs.reference.settings import meanings_of
from userkit.backends.bedrock.settings import BedrockSettings
from userkit.backends.dynamodb.settings import DynamoDBSettings
from userkit.backends.mongodb.settings import MongoSettings
from userkit.backends.passwords.settings import Argon2Settings
from userkit.backends.redis.cache_settings import RedisCacheSettings
from userkit.backends.redis.settings import RedisSettings
from userkit.backends.sqlalchemy.settings import SQLAlchemySettings
from userkit.serving.settings import ServeSettings
from userkit.settings import UserKitSettings

SETTINGS: list[type[BaseSettings]] = [
    Argon2Settings,
    BedrockSettings,
    DynamoDBSettings,
    MongoSettings,
    RedisCacheSettings,
    RedisSettings,
    ServeSettings,
    SQLAlchemySettings,
    UserKitSettings,
]
PAGE = (FOLDER / "settings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings.__name__)
def test_a_class_of_settings_says_what_each_means(settings: type[BaseSettings]) -> None:
    """In the list of its docstring, or below the setting."""
    assert {*meanings_of(settings)} == {*settings.model_fields}


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings.__name__)
def test_the_page_names_every_prefix(settings: type[BaseSettings]) -> None:
    """So that a variable that is met somewhere can be looked up."""
    assert f"`{settings.model_config['env_prefix']}" in PAGE


@pytest.mark.parametrize(
    ("page", "settings"),
    [
        ("settings.md", UserKitSettings),
        ("settings.md", Argon2Settings),
        ("serve.md", ServeSettings),
    ],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_a_page_has_the_variables_of_its_settings(page: str, settings: type[BaseSettings]) -> None:
    """All of them, and none that nothing reads."""
    prefix = settings.model_config["env_prefix"]
    prefixes = [each.model_config["env_prefix"] for each in SETTINGS]
    deeper = tuple(other for other in prefixes if len(other) > len(prefix))
    text = (FOLDER / page).read_text(encoding="utf-8")
    named = re.findall(rf"\b{prefix}[A-Z0-9_]*[A-Z0-9]\b", text)
    told = {name for name in named if not name.startswith(deeper)}
    assert told == {f"{prefix}{name.upper()}" for name in settings.model_fields}
