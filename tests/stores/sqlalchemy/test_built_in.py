"""The collections of the built-in features, in the tables and by the statements that they get."""

import subprocess
import sys
from typing import Any

import pytest

from tests.stores.sqlalchemy.database import Database
from tests.stores.sqlalchemy.inventing import START, invented
from userkit.backends.sqlalchemy.schema import COLLECTIONS, metadata
from userkit.errors import StaleError
from userkit.features.built_in import built_in
from userkit.storage.changes import Add, Remove, Save
from userkit.storage.collection import Collection

NAMES = [collection.name for collection in COLLECTIONS]
EXPIRING = [collection for collection in COLLECTIONS if collection.expires is not None]


def test_every_collection_of_every_feature_has_its_table() -> None:
    """One that was forgotten would be missing from migrations and from an application's session."""
    declared = {collection for feature in built_in() for collection in feature.collections}
    assert set(COLLECTIONS) == declared


def test_the_metadata_holds_our_tables_only() -> None:
    """For migrations of an application that looks after all tables itself."""
    assert set(metadata.tables) == {f"userkit_{name}" for name in [*NAMES, "users_words"]}


def test_the_tables_are_known_without_what_features_work_with() -> None:
    """Whoever imports them pays for collections, not for hashing, tokens and mail."""
    heavy = {"alembic", "argon2", "cryptography", "jwt", "pydantic", "smtplib"}
    tell = "import sys, userkit.backends.sqlalchemy.schema; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True)
    assert set(told.stdout.split()) & heavy == set()


@pytest.mark.parametrize("sparse", [False, True], ids=["everything", "sparse"])
def test_what_is_written_is_read(database: Database, sparse: bool) -> None:
    """Of every collection, whole, changed and found by every lookup."""
    store = database.open()
    database.run(store.prepare(COLLECTIONS))
    for collection in COLLECTIONS:
        entity = invented(collection, 1, sparse=sparse)
        database.run(store.commit(Add(entity)))
        assert database.run(store.get(collection.entity, entity.id)) == entity
        changed = collection.entity(**{**fields(invented(collection, 2)), "id": entity.id, "version": 2})
        database.run(store.commit(Save(entity, changed)))
        assert database.run(store.get(collection.entity, entity.id)) == changed
        for field in collection.lookups:
            value = lookup(changed, field)
            assert database.run(store.find(collection.entity, field, value)).items == (changed,)
        with pytest.raises(StaleError):
            database.run(store.commit(Save(entity, changed)))
        database.run(store.commit(Remove(changed)))
        assert database.run(store.get(collection.entity, entity.id)) is None


@pytest.mark.parametrize("collection", EXPIRING, ids=lambda it: it.name)
def test_what_has_expired_is_purged(database: Database, collection: Collection[Any]) -> None:
    """What has not, and what never does, stays."""
    store = database.open()
    database.run(store.prepare([collection]))
    kept = [invented(collection, 2), invented(collection, 3)]
    if any(field.name == collection.expires and field.optional for field in collection.fields):
        kept.append(invented(collection, 0, sparse=True))
    database.run(store.load([invented(collection, 0), invented(collection, 1), *kept]))
    second = getattr(kept[0], str(collection.expires))
    assert second > START
    assert database.run(store.purge(collection.entity, before=second)) == 2
    left = database.run(store.find(collection.entity)).items
    assert {each.id for each in left} == {each.id for each in kept}


def fields(entity: Any) -> dict[str, Any]:
    return {name: getattr(entity, name) for name in type(entity).__dataclass_fields__}


def lookup(entity: Any, field: str) -> str:
    value = getattr(entity, field)
    return str(getattr(value, "value", value))
