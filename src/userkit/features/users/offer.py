"""The use cases as an application sees them: ``kit.users``."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Self

from userkit.feature import Parts
from userkit.features.users.attributes import AttributesRule
from userkit.features.users.disclosing import ExportSubject, SubjectRecord
from userkit.features.users.enrolment import Enrolment
from userkit.features.users.erasing import EraseUser
from userkit.features.users.use_cases import (
    CountUsers,
    CurrentUser,
    DeleteUser,
    DisableUser,
    EnableUser,
    GetUser,
    GetUserByEmail,
    ListUsers,
    RegisterUser,
    SearchUsers,
    UpdateUser,
)
from userkit.sync import iterate, synced

__all__ = ["SyncUsers", "Users"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """What can be done with the users of one realm."""

    register: RegisterUser
    get: GetUser
    get_by_email: GetUserByEmail
    current: CurrentUser
    list: ListUsers
    search: SearchUsers
    count: CountUsers
    update: UpdateUser
    disable: DisableUser
    enable: EnableUser
    delete: DeleteUser
    erase: EraseUser
    export_subject: ExportSubject
    enrolment: Enrolment

    @classmethod
    def build(cls, parts: Parts, attributes: AttributesRule) -> Self:
        """Wire the use cases from the parts of a kit."""
        store, now, journal, cursors = parts.store, parts.now, parts.journal, parts.cursors
        enrolment, export = Enrolment(), ExportSubject(disclose=parts.disclose)
        return cls(
            register=RegisterUser(
                journal=journal, now=now, new_id=parts.new_id, attributes=attributes, enrolment=enrolment
            ),
            get=GetUser(store=store),
            get_by_email=GetUserByEmail(store=store),
            current=CurrentUser(store=store),
            list=ListUsers(store=store, cursors=cursors),
            search=SearchUsers(store=store, cursors=cursors),
            count=CountUsers(store=store),
            update=UpdateUser(journal=journal, now=now, attributes=attributes),
            disable=DisableUser(journal=journal, now=now),
            enable=EnableUser(journal=journal, now=now),
            delete=DeleteUser(journal=journal, now=now),
            erase=EraseUser(journal=journal, now=now, export=export),
            export_subject=export,
            enrolment=enrolment,
        )


class SyncUsers:
    """The same without ``await``."""

    def __init__(self, users: Users) -> None:
        """Mirror the use cases."""
        self.register = synced(users.register)
        self.get = synced(users.get)
        self.get_by_email = synced(users.get_by_email)
        self.current = synced(users.current)
        self.list = synced(users.list)
        self.search = synced(users.search)
        self.count = synced(users.count)
        self.update = synced(users.update)
        self.disable = synced(users.disable)
        self.enable = synced(users.enable)
        self.delete = synced(users.delete)
        self.erase = synced(users.erase)
        self._export_subject = users.export_subject

    def export_subject(self, user_id: str) -> Generator[SubjectRecord, None, None]:
        """Yield everything that every feature keeps of a user; see ExportSubject."""
        return iterate(self._export_subject(user_id))
