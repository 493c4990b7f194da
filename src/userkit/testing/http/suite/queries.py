"""Query strings arrive as they were sent."""

import pytest

from userkit.testing.http.stage import Application
from userkit.testing.standard import Standard

__all__ = ["Queries"]


class Queries(Standard):
    """What is behind the question mark."""

    @pytest.mark.parametrize(
        "query",
        [
            "limit=1",
            "limit=0",
            "limit=1001",
            "limit=%31",
            "limit=1&limit=2",
            "limit=one",
            "limit=",
            "limit",
            "q=%C3%A9l%C3%A9onore",
            "q=a+b",
            "q=a%2Bb",
            "q=a%26limit%3D1",
            "q=%2525",
            "q=%FF",
            "q=%00",
            "q=a;limit=1",
            "q=a%0D%0Ab",
            "q=",
            "after=unknown",
            "after=%E2%82%AC",
            "skip=-1",
            "unknown=1",
            "%75nknown=1",
            "limit=1&unknown=%3Cb%3E",
            "limit=1?q=a",
            "=",
            "&&",
            "limit=1&",
            "%",
        ],
    )
    def test_a_query_is_read_by_userkit_alone(self, application: Application, query: str) -> None:
        """It is neither decoded nor mended on its way, so answers and refusals are the same."""
        token = application.token(application.person("admin"))
        assert application.check("GET", f"/users?{query}", token=token).status in (200, 400, 422)

    def test_an_empty_query_is_none(self, application: Application) -> None:
        """A question mark at the end says nothing."""
        token = application.token(application.person())
        assert application.check("GET", "/users/me?", token=token).status == 200

    def test_pages_follow_each_other(self, application: Application) -> None:
        """The cursor of one page is good for the next."""
        token = application.token(application.person("admin"))
        application.person()
        first = application.check("GET", "/users?limit=1", token=token).json()
        second = application.check("GET", f"/users?limit=1&after={first['next']}", token=token).json()
        assert len(first["items"]) == len(second["items"]) == 1
        assert first["items"] != second["items"]

    @pytest.mark.parametrize("name", ["access_token", "token", "api_key", "authorization"])
    def test_no_credential_is_taken_from_a_query(self, application: Application, name: str) -> None:
        """Addresses are written to logs."""
        token = application.token(application.person())
        assert application.check("GET", f"/auth/sessions?{name}={token}").status == 401
        assert application.ask("GET", f"/protected?{name}={token}").status == 401
