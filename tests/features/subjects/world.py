"""A kit in which Ada has left a trace in every feature, and Bob has met her."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from typing import Any

from userkit import Feature, Parts, SyncUserKit, User
from userkit.errors import InvalidCredentialsError
from userkit.features.audit import AuditEntry, audit
from userkit.features.outbox import Outbox
from userkit.features.roles import roles
from userkit.features.screening import screening
from userkit.kernel.entity import Entity
from userkit.kernel.events import Event
from userkit.kernel.ids import Id
from userkit.kernel.origin import coming_from
from userkit.storage.changes import Add
from userkit.storage.collection import Collection
from userkit.storage.disclosure import Disclosure, walk
from userkit.storage.port import Store
from userkit.storage.rewriting import discard_all
from userkit.sync import iterate, run
from userkit.testing import FrozenClock, InstantHasher, Mailbox

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
PASSWORD = "four unlikely words in a row"
EMAIL = "Ada@Engine.Example"
ADDRESS = "203.0.113.7"

# What tells who Ada is, as it is typed or folded, wherever it is.
IDENTIFYING = ("ada@", "lovelace", ADDRESS, "difference engine", "countess", "london", "laptop", "dear diary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Entity):
    """Something that a feature of somebody else keeps."""

    user_id: Id
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NickChanged(Event):
    """Somebody is called otherwise."""

    user_id: str
    nick: str
    plan: str
    age: int
    friends: tuple[str, ...]
    lasting: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited(Event):
    """Somebody was invited by whoever acts."""

    user_id: str
    by: str
    sent_from: str
    answer_to: tuple[str, ...]
    plan: str


NOTES = Collection("notes", Note, index=("user_id",))


def _noting(parts: Parts) -> Parts:
    parts.forget.append(lambda user_id: discard_all(parts.store, Note, "user_id", user_id))
    parts.disclose["notes"] = Disclosure(parts.store, Note, ("text",))
    return parts


PARTS: Feature[Parts, Parts] = Feature(
    name="notes", collections=(NOTES,), requires=("users",), build=_noting, mirror=lambda parts: parts
)


@dataclass(frozen=True)
class World:
    """The kit, Ada, Bob, and an administrator who stays."""

    kit: SyncUserKit
    clock: FrozenClock
    mailbox: Mailbox
    ada: User
    bob: User
    root: User

    @property
    def parts(self) -> Parts:
        """Return what features are built from."""
        return self.kit[PARTS]

    @property
    def store(self) -> Store:
        """Return the store."""
        return self.parts.store

    def tell(self, *events: Event) -> None:
        """Commit events."""
        run(self.parts.journal.commit(tell=events))

    @property
    def outbox(self) -> Outbox:
        """Return the outbox as features see it."""
        return self.parts.offer(Outbox)

    def add(self, *entities: Entity) -> None:
        """Store entities."""
        run(self.store.commit(*map(Add, entities)))

    def all(self, entity: type[Any]) -> list[Any]:
        """Return everything of a kind."""
        return list(iterate(walk(self.store, entity)))

    def trail(self) -> list[AuditEntry]:
        """Return the trail."""
        return self.all(AuditEntry)

    def everything(self) -> str:
        """Return all that is stored, as text in lower case."""
        return "\n".join(self._told()).lower()

    def identifying(self) -> list[str]:
        """Return what is still stored of what tells who Ada is."""
        everything = self.everything()
        return [each for each in IDENTIFYING if each in everything]

    def _told(self) -> Iterator[str]:
        for feature in self.kit._assembly.features:
            for collection in feature.collections:
                for entity in self.all(collection.entity):
                    # repr() leaves some fields out.
                    shown = {each.name: getattr(entity, each.name) for each in fields(entity)}
                    yield f"{collection.name} {shown!r}"


@contextmanager
def opened(url: str = "memory://", *, features: Iterable[Any] = (), **how: Any) -> Iterator[World]:
    """Open a kit over an empty store, with three people in it."""
    clock, mailbox = FrozenClock(), Mailbox()
    kit = SyncUserKit(
        url,
        secret=SECRET,
        clock=clock,
        relay=False,
        mailer=mailbox,
        base_url="https://app.example",
        hasher=InstantHasher(),
        features=[
            PARTS,
            audit(routine=True, impersonal={"nick_changed": ["plan"]}),
            roles({"admin": {"*"}, "editor": {"posts:write"}}),
            screening(model=False, staff=["Ada Lovelace"], attributes=["city"]),
            *features,
        ],
        **how,
    )
    with kit:
        root = kit.users.register(email="root@engine.example", name="Charles Babbage")
        kit.roles.assign(root.id, "admin")
        bob = kit.users.register(email="bob@engine.example", name="Bob")
        with at_home():
            ada = kit.users.register(
                email=EMAIL, name="Ada Lovelace", password=PASSWORD, attributes={"city": "London"}
            )
        yield World(kit=kit, clock=clock, mailbox=mailbox, ada=ada, bob=bob, root=root)


@contextmanager
def at_home(**who: str) -> Iterator[None]:
    """Come from where Ada lives."""
    with coming_from(address=ADDRESS, user_agent="Difference Engine/2", **who):
        yield


def lived(here: World) -> None:
    """Let Ada leave a trace in every feature."""
    kit, ada, bob = here.kit, here.ada, here.bob
    kit.outbox.deliver()  # so that there is the link of the first letter
    run(here.store.commit(here.outbox.entry("letter", {"letter": "x", "to": "bob@engine.example"})))
    kit.roles.assign(ada.id, "editor")
    here.add(Note(id=here.parts.new_id(), user_id=ada.id, text="dear diary"))
    with at_home():
        signed_in = kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
        with suppress(InvalidCredentialsError):
            kit.sessions.sign_in(email=EMAIL, password="not it")
        kit.password_reset.request(email=EMAIL)
    with at_home(actor_id=ada.id, session_id=signed_in.session_id):
        kit.api_keys.create(ada.id, name="Laptop of the Countess")
        kit.users.disable(bob.id)
        kit.users.enable(bob.id)
        here.tell(
            NickChanged(
                at=here.clock(),
                user_id=ada.id,
                nick="Countess",
                plan="pro",
                age=36,
                friends=(bob.id,),
            ),
            Invited(
                at=here.clock(),
                user_id=bob.id,
                by="ada@engine.example",
                sent_from=ADDRESS,
                answer_to=(EMAIL, "desk", "@desk", "ada lovelace of london"),
                plan="free",
            ),
        )
    with coming_from(actor_id=here.root.id, address="198.51.100.1", user_agent="Office/1"):
        kit.users.update(ada.id, name="Ada Lovelace of London")
