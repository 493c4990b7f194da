"""Answering requests to pages: who visits, may they, what do they want, what do they see."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from userkit.errors import (
    CsrfFailedError,
    InvalidCredentialsError,
    ProofRequiredError,
    ReauthenticationRequiredError,
    UnauthenticatedError,
    UserKitError,
)
from userkit.features.users import Users
from userkit.http.app import FRESH_FOR, HttpApp
from userkit.http.messages import Headers, Request, Response
from userkit.http.problems import BodyTooLargeError, MethodNotAllowedError, status_of, to_response
from userkit.kernel.origin import coming_from
from userkit.pages.forms import read_form, read_query
from userkit.pages.page import Answer, Goto, Page, Visit, Visitor, Whom
from userkit.pages.paths import Paths
from userkit.pages.problems import Problem, problem_at, problem_page
from userkit.pages.rendering import Renderer
from userkit.pages.words import DONE
from userkit.surface import PageHandler

__all__ = ["Site"]

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Headers = (
    ("content-security-policy", _POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    # With no-referrer, browsers would send `Origin: null` with our own forms.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cache-control", "no-store"),
)
_METHODS = ("GET", "HEAD", "OPTIONS", "POST")
_HTML = ("content-type", "text/html; charset=utf-8")
_SECRETS = ("password", "current_password", "new_password")
_OUR_FETCHES = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Answer requests to pages. It never raises: whatever goes wrong becomes a page.

    ``home`` is where people are led who are signed in already.
    """

    app: HttpApp
    users: Users
    paths: Paths
    renderer: Renderer
    home: str

    def handler(self, page: Page) -> PageHandler:
        """Return what answers every method of a page."""

        async def handle(request: Request) -> Response:
            response = await self.answer(page, request)
            return response.without_body() if request.method == "HEAD" else response

        return handle

    async def answer(self, page: Page, request: Request) -> Response:
        """Answer a request to a page."""
        try:
            with coming_from(
                address=self.app.proxies.client_of(request), user_agent=request.value("user-agent") or ""
            ):
                return await self._answer(page, request)
        except Exception as error:  # noqa: BLE001  # an answer for everything, and the log has the rest
            return self._wrong(error)

    async def _answer(self, page: Page, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status=204, headers=(*_HEADERS, ("allow", ", ".join(_METHODS))))
        if request.method not in _METHODS:
            raise MethodNotAllowedError(_METHODS)
        if len(request.body) > self.app.body_limit:
            raise BodyTooLargeError
        visit = Visit(request=request, query=read_query(request), visitor=await self._visitor(request))
        if request.method == "POST":
            visit = replace(visit, fields=read_form(request, takes=page.knows))
        if visit.visitor is None:
            return await self._visited(page, visit)
        with coming_from(actor_id=visit.visitor.user.id, session_id=visit.visitor.session_id):
            return await self._visited(page, visit)

    async def _visitor(self, request: Request) -> Visitor | None:
        # Pages are for people, who have a cookie; what their forms must show is looked at later.
        cookies = tuple(header for header in request.headers if header[0] == "cookie")
        try:
            shown = await self.app.identify(replace(request, method="GET", headers=cookies))
            if shown is None or shown.identity.session_id is None:
                return None
            user = await self.users.current(shown.identity)
        except UnauthenticatedError:
            return None
        session_id = shown.identity.session_id
        csrf = self.app.browser.csrf.token(session_id)
        return Visitor(identity=shown.identity, session_id=session_id, user=user, csrf=csrf)

    async def _visited(self, page: Page, visit: Visit) -> Response:
        sent = visit.request.method == "POST"
        try:
            if page.whom is Whom.STRANGERS and visit.visitor is not None and not sent:
                return self._gone(Goto(path=visit.next or self._home(visit)))
            await self._admit(page, visit, sent=sent)
            if sent:
                return await self._acted(page, visit)
            return self._told(page, visit, await page.show(visit))
        except ReauthenticationRequiredError:
            return self._gone(Goto(path=self.paths.to("confirm-password", next=visit.request.path)))
        except UnauthenticatedError:
            return self._gone(self._entrance(page, visit))

    async def _admit(self, page: Page, visit: Visit, *, sent: bool) -> None:
        if page.whom in (Whom.MEMBERS, Whom.FRESH):
            self._check_member(visit, sent=sent)
        elif sent:
            self._check_stranger(visit.request)
        if page.whom is Whom.FRESH:
            await self.app.gatekeeper.require_fresh(visit.member.identity, within=FRESH_FOR)

    def _check_member(self, visit: Visit, *, sent: bool) -> None:
        member, csrf = visit.member, self.app.browser.csrf
        if sent and not csrf.is_ours(visit.request, member.session_id, token=visit.said("csrf")):
            raise CsrfFailedError

    def _check_stranger(self, request: Request) -> None:
        """Refuse forms from pages of others, who could sign their visitors in to an account of their own."""
        fetched = request.values("sec-fetch-site")
        told = bool(request.values("origin")) or _OUR_FETCHES.issuperset(fetched)
        if self.app.browser.csrf.is_foreign(request) or not told:
            raise CsrfFailedError

    async def _acted(self, page: Page, visit: Visit) -> Response:
        try:
            return self._told(page, visit, await page.act(visit))
        except UserKitError as error:
            if not _is_told_at_the_form(page, error):
                raise
            shown = await page.show(visit)
            return self._told(page, visit, shown, problem_at(page, error))

    def _entrance(self, page: Page, visit: Visit) -> Goto:
        back = visit.request.path if page.comes_back else None
        # A cookie that opens nothing any more would only be looked up again and again.
        had_one = self.app.browser.cookies.read(visit.request, self.app.browser.cookies.session)
        return Goto(
            path=self.paths.to("sign-in", did="sign-in-first" if back else None, next=back),
            headers=self.app.browser.signed_out() if had_one else (),
        )

    def _home(self, visit: Visit) -> str:
        did = visit.query.get("did")
        return self.paths.to("overview", did=did) if did in DONE else self.home

    def _told(self, page: Page, visit: Visit, answer: Answer, problem: Problem | None = None) -> Response:
        if isinstance(answer, Goto):
            return self._gone(answer)
        names = {
            "page": page.name,
            "title": answer.title or page.title,
            "visitor": visit.visitor,
            "csrf": None if visit.visitor is None else visit.visitor.csrf,
            "next": visit.next,
            "done": DONE.get(visit.query.get("did", "")) if problem is None else None,
            "problem": problem,
            "values": _kept(visit.fields),
            **answer.context,
        }
        status, headers = (answer.status, ()) if problem is None else (problem.status, problem.headers)
        return self._page(answer.template or page.template, names, status, headers)

    def _page(self, template: str, names: Mapping[str, Any], status: int, headers: Headers = ()) -> Response:
        body = self.renderer.fill(template, names)
        return Response(status=status, headers=(_HTML, *_HEADERS, *headers), body=body)

    def _gone(self, answer: Goto) -> Response:
        return Response(status=303, headers=(("location", answer.path), *_HEADERS, *answer.headers))

    def _wrong(self, error: Exception) -> Response:
        """Return a page that says what is wrong, and nothing else."""
        problem = problem_page(error)
        names: dict[str, Any] = {
            "page": "problem",
            "title": problem.title,
            "visitor": None,
            "csrf": None,
            "next": None,
            "done": None,
            "problem": problem,
            "values": {},
        }
        try:
            return self._page("problem.html", names, problem.status, problem.headers)
        except Exception as second:  # noqa: BLE001  # a template of the application may do anything
            return to_response(second).with_headers(*_HEADERS[:-1])


def _is_told_at_the_form(page: Page, error: UserKitError) -> bool:
    """Tell whether whoever has sent a form can do something about an error there, or wait."""
    if isinstance(error, ReauthenticationRequiredError):
        return False
    if isinstance(error, UnauthenticatedError):
        wrong = isinstance(error, (InvalidCredentialsError, ProofRequiredError))
        return wrong or page.whom is Whom.STRANGERS
    return status_of(type(error)) is not HTTPStatus.INTERNAL_SERVER_ERROR


def _kept(fields: Mapping[str, str]) -> Mapping[str, str]:
    """Return what stays in a form that is shown again: passwords do not."""
    return {
        name: value
        for name, value in fields.items()
        if name not in _SECRETS and not name.startswith(("proof-", "csrf"))
    }
