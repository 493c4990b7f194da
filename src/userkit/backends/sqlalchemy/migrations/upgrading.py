"""How far the tables of a database are, and the way to the newest revision."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep
from sqlalchemy import Connection, Engine, inspect

from userkit.backends.sqlalchemy.migrations.drift import differences
from userkit.backends.sqlalchemy.migrations.exclusive import alone
from userkit.backends.sqlalchemy.migrations.history import History, Past
from userkit.backends.sqlalchemy.migrations.recognition import Recognition, recognise
from userkit.backends.sqlalchemy.migrations.steps import VERSION_TABLE, Step, run, write
from userkit.backends.sqlalchemy.translation import Place, translated
from userkit.errors import ConfigurationError, SchemaOutdatedError, UserKitError
from userkit.storage.migrations import SchemaState

__all__ = ["VERSIONS", "SQLMigrations"]

VERSIONS = Path(__file__).parent / "versions"

_MOST_TOLD = 10


@dataclass(frozen=True, slots=True)
class _Position:
    """Where a database is: at a recorded revision, at one that its tables look like, or nowhere."""

    recorded: Past | None = None
    looks: Recognition = field(default_factory=Recognition)

    @property
    def past(self) -> Past | None:
        return self.recorded or self.looks.past


class SQLMigrations:
    """Migrate the tables of a SQL database. See Migrations, the port.

    Alembic's operations are handed to the revisions, so that its global ``op`` and ``context``, with
    which an application may be migrating at the time, stay as they are.
    """

    def __init__(self, engine: Engine, *, versions: Path = VERSIONS) -> None:
        """Take a blocking engine; ``versions`` is the folder of the revisions."""
        self._engine = engine
        self._history = History(versions)

    def current(self) -> SchemaState:
        """See Migrations.current."""
        with self._reading() as connection:
            return self._state(self._position(connection))

    def upgrade(self) -> SchemaState:
        """See Migrations.upgrade. Each revision is a transaction of its own, where there are such for DDL."""
        while self._advance():
            pass
        return self.current()

    def check(self) -> Sequence[str]:
        """See Migrations.check."""
        with self._reading() as connection:
            inspector = inspect(connection)
            return [
                sentence
                for table in self._history.head.after.sorted_tables
                for sentence in differences(inspector, table, self._history.names(table.name))
            ]

    def sql(self, *, from_nothing: bool = False) -> str:
        """See Migrations.sql."""
        position = _Position()
        if not from_nothing:
            with self._reading() as connection:
                position = self._position(connection)
        return "".join(write(step, self._engine.dialect) for step in self._steps(position))

    def _advance(self) -> bool:
        """Take one step, and tell whether there are more. In between others may take some."""
        steps: list[Step] = []
        with self._our_errors(steps), alone(self._engine) as connection:
            steps += self._steps(self._position(connection))
            if steps:
                run(steps[0], connection)
        return len(steps) > 1

    def _position(self, connection: Connection) -> _Position:
        inspector = inspect(connection)
        recorded = self._recorded(connection)
        if recorded is None:
            return _Position(looks=recognise(inspector, self._history))
        lost = [name for name in recorded.after.tables if not inspector.has_table(name)]
        return _Position(recorded, Recognition(obstacles=[f"There is no table {name}." for name in lost]))

    def _recorded(self, connection: Connection) -> Past | None:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        heads = context.get_current_heads()
        found = [past for head in heads if (past := self._history.find(head)) is not None]
        if len(heads) > 1 or len(found) < len(heads):
            raise ConfigurationError(
                f"{VERSION_TABLE} says {', '.join(heads)}, which this userkit does not know: a newer one has "
                "upgraded the tables. Install that version, or a newer one."
            )
        return found[0] if found else None

    def _steps(self, position: _Position) -> list[Step]:
        _refuse(position)
        steps, previous = [], None
        if position.looks.past is not None:
            previous = position.looks.past.id
            record = StampStep((), previous, True, True, self._history.map)
            steps.append(Step(position.looks.past, None, record, position.looks.missing))
        elif position.recorded is not None:
            previous = position.recorded.id
        for past in self._history.after(position.past):
            steps.append(Step(past, previous, RevisionStep(self._history.map, past.script, True)))
            previous = past.id
        return steps

    def _state(self, position: _Position) -> SchemaState:
        obstacles = tuple(position.looks.obstacles)
        pending = () if obstacles else self._history.after(position.past)
        return SchemaState(
            revision=position.recorded.id if position.recorded else None,
            recognised=position.looks.past.id if position.looks.past else None,
            head=self._history.head.id,
            pending=tuple(past.shown for past in pending),
            obstacles=obstacles,
        )

    @contextmanager
    def _reading(self) -> Generator[Connection, None, None]:
        with self._our_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _our_errors(self, doing: Sequence[Step] = ()) -> Generator[None, None, None]:
        try:
            yield
        except Exception as error:
            ours = translated(error, Place.of(self._engine.url))
            if ours is None or isinstance(error, UserKitError):
                raise
            before = f"Revision {doing[0].past.id} was not done. " if doing else ""
            raise type(ours)(f"{before}{ours.detail}") from error


def _refuse(position: _Position) -> None:
    obstacles = position.looks.obstacles
    if not obstacles:
        return
    told = " ".join(obstacles[:_MOST_TOLD])
    if len(obstacles) > _MOST_TOLD:
        told = f"{told} And {len(obstacles) - _MOST_TOLD} more."
    if position.recorded is not None:
        raise SchemaOutdatedError(
            f"{VERSION_TABLE} says {position.recorded.id}, but tables are gone. Nothing was changed. {told}"
        )
    raise SchemaOutdatedError(f"No revision of userkit made these tables. Nothing was changed. {told}")
