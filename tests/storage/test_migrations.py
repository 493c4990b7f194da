"""How far the tables are."""

from userkit.storage.migrations import SchemaState


def test_tables_are_at_what_is_recorded_or_else_at_what_they_look_like() -> None:
    """And nowhere when there are none."""

    def at(recorded: str | None, recognised: str | None) -> str | None:
        return SchemaState(revision=recorded, recognised=recognised, head="0003", pending=()).at

    assert at("0002", None) == "0002"
    assert at(None, "0001") == "0001"
    assert at("0002", "0001") == "0002"
    assert at(None, None) is None
