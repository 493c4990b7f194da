"""Names that speak for the site: administrators, support, moderators, in the languages of many people."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from userkit.features.screening.rules.reading import Reading, Words, squashed
from userkit.features.screening.rules.unicode_data import ANY_SCRIPT

__all__ = ["TITLES", "Reserved", "Runs", "built_in"]

# Nobody is called so: one of these words is enough, wherever it stands in a name.
_ALWAYS = """
admin admins administrator administrators administration sysadmin sysop superadmin superuser webadmin
moderator moderators webmaster postmaster hostmaster mailerdaemon noreply donotreply
support helpdesk helpline customerservice customersupport customercare techsupport official
administrador administradora moderador moderadora administrateur administratrice modérateur modératrice
amministratore amministratrice moderatore beheerder kundendienst kundenservice kundtjänst kundeservice
asiakaspalvelu ylläpito ylläpitäjä administratör järjestelmänvalvoja yönetici müşterihizmetleri
администратор админ модератор поддержка техподдержка саппорт адміністратор адмін підтримка
διαχειριστής υποστήριξη συντονιστής
"""
_PHRASES = """
help desk/customer service/customer support/customer care/mailer daemon/no reply/do not reply/web master
post master/service client/servicio al cliente/atención al cliente/soporte técnico/assistenza clienti
suporte técnico/müşteri hizmetleri/служба поддержки/служба підтримки/quản trị viên/chăm sóc khách hàng
خدمة العملاء/مدير الموقع/الدعم الفني/תמיכה טכנית/מנהל האתר/ग्राहक सेवा
"""

# Written without spaces around them, so they are looked for inside; they are no part of names.
_INSIDE = """
管理员 管理員 管理人 管理者 客服 官方 版主
サポート 運営 公式 モデレーター 관리자 운영자 고객센터 고객지원 ผู้ดูแลระบบ
"""

# People are called so, or at least in part: they count when a name is made of nothing else.
_ALONE = """
root staff team help desk info information security system official owner abuse mod mods host hostmaster
bot daemon service services sales billing accounts account contact operator ops operations compliance
verification verified fraud trust safety privacy legal press office management manager notification
notifications alert alerts announcement announcements customer client technical tech site web server mail
email network community board ceo cto cfo
soporte soporté seguridad ayuda equipo sécurité équipe assistance sicherheit hilfe leitung verwaltung
supporto sicurezza assistenza squadra suporte segurança ajuda equipe beveiliging helpdesk säkerhet hjälp
система безопасность помощь команда безпека
مشرف المشرف الدعم الإدارة מנהל תמיכה
"""
_FILLERS = "the of and our your for chief head global main a la le der die das del de el"

TITLES = """
official real the verified original true admin administrator moderator mod support help helpdesk team staff
customer service care security hq headquarters corp corporation inc ltd llc gmbh ag sa company group account
accounts billing sales info ceo cto cfo founder owner dr prof professor mr mrs ms sir president
offiziell kundendienst officiel officielle oficial ufficiale soporte suporte assistance
официальный официальная поддержка служба 公式 官方 客服
"""
"""What people put before or after the name of somebody else to speak for them."""

_MOST_WORDS = 24
_LONGEST_RUN = 60


@dataclass(frozen=True, slots=True, repr=False)
class Runs:
    """Words that are written as one, such as ``SupportTeam``."""

    words: frozenset[str]
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, words: Iterable[str]) -> "Runs":
        """Make them of words; those of one or two letters would be found everywhere."""
        known = frozenset(word for word in words if len(word) > 2)
        return cls(known, tuple(sorted({len(word) for word in known})))

    def make(self, run: str) -> bool:
        """Tell whether a run consists of these words and nothing else."""
        ends = {0}
        for start in range(len(run[:_LONGEST_RUN])):
            if start in ends:
                ends.update(start + n for n in self.lengths if run[start : start + n] in self.words)
        return bool(run) and len(run) in ends


@dataclass(frozen=True, slots=True, repr=False)
class _Index:
    """Reserved words and phrases in one way of reading them, with the scripts they are in."""

    always: Mapping[Words, int]
    alone: Mapping[str, int]
    fillers: frozenset[str]
    inside: tuple[tuple[str, int], ...]
    longest: int
    runs: Runs

    def match(self, words: Words) -> int | None:
        """Return the scripts of what a name says for the site, or None if it says nothing."""
        words = words[:_MOST_WORDS]
        for start in range(len(words)):
            for end in range(start + 1, min(start + self.longest, len(words)) + 1):
                if (scripts := self.always.get(words[start:end])) is not None:
                    return scripts
        if (scripts := self._all_alone(words)) is not None:
            return scripts
        run = squashed(words)
        return next((scripts for inside, scripts in self.inside if inside in run), None)

    def _all_alone(self, words: Words) -> int | None:
        content = [word for word in words if word not in self.fillers]
        if content and all(word in self.alone for word in content):
            return self.alone[content[0]]
        as_one = len(words) == 1 or all(len(word) == 1 for word in words)
        # Of several words in one, the scripts are those of any: they look like all of them.
        return ANY_SCRIPT if as_one and self.runs.make(squashed(words)) else None


@dataclass(frozen=True, slots=True, repr=False)
class Reserved:
    """Names that nobody may have, as they are written and as they look."""

    _written: _Index
    _seen: _Index

    @classmethod
    def of(cls, more: Iterable[str] = ()) -> "Reserved":
        """Make it of what is built in, and of words and phrases of one's own."""
        own = [Reading.of(text) for text in more]
        if not own:
            return built_in()
        always = [*_always(), *own]
        return cls(_index(always, seen=False), _index(always, seen=True))

    def match(self, name: Reading) -> bool | None:
        """Tell whether a name speaks for the site: True if by a trick, None if it does not."""
        if self._written.match(name.written) is not None:
            return name.hidden or name.mixed
        found = [scripts for way in name.seen if (scripts := self._seen.match(way)) is not None]
        return any(map(name.is_trick, found)) if found else None


@cache
def built_in() -> Reserved:
    """Return what is reserved everywhere."""
    return Reserved(_index(_always(), seen=False), _index(_always(), seen=True))


def _always() -> list[Reading]:
    phrases = [part for line in _PHRASES.strip().split("\n") for part in line.split("/")]
    return [Reading.of(text) for text in (*_ALWAYS.split(), *phrases)]


def _index(always: Iterable[Reading], *, seen: bool) -> _Index:
    phrases = {words: each.scripts for each in always for words in each.ways(seen=seen) if words}
    alone = {squashed(words): scripts for words, scripts in phrases.items()}
    alone |= dict(_each(_ALONE, seen=seen))
    return _Index(
        always=phrases,
        alone=alone,
        fillers=frozenset(word for word, _ in _each(_FILLERS, seen=seen)),
        inside=tuple(_each(_INSIDE, seen=seen)),
        longest=max(map(len, phrases)),
        runs=Runs.of(alone),
    )


def _each(words: str, *, seen: bool) -> Iterator[tuple[str, int]]:
    for reading in map(Reading.of, words.split()):
        yield from ((squashed(way), reading.scripts) for way in reading.ways(seen=seen))
