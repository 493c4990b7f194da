"""The OpenAPI document: what it tells is what can be asked."""

from collections.abc import Iterator
from typing import Any

from userkit.http.openapi import document
from userkit.testing.http.stage import Application
from userkit.testing.http.table import OPERATIONS
from userkit.testing.standard import Standard

__all__ = ["Documents"]

Json = dict[str, Any]
_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def _operations(told: Json, prefix: str) -> dict[tuple[str, str], Json]:
    return {
        (method.upper(), path.removeprefix(prefix)): operation
        for path, item in told["paths"].items()
        if path.startswith((f"{prefix}/users", f"{prefix}/auth"))
        for method, operation in item.items()
        if method in _METHODS
    }


def _references(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        if isinstance(told.get("$ref"), str):
            yield told["$ref"]
        for each in told.values():
            yield from _references(each)
    elif isinstance(told, list):
        for each in told:
            yield from _references(each)


def _resolves(told: Json, reference: str) -> bool:
    found: Any = told
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part) if isinstance(found, dict) else None
    return found is not None


class Documents(Standard):
    """What the application tells programs about itself, at the path that the test class names."""

    def test_the_document_can_be_read_by_anybody(self, openapi: Json) -> None:
        """It is OpenAPI 3.1."""
        assert str(openapi["openapi"]).startswith("3.1")
        assert openapi["info"].keys() >= {"title", "version"}

    def test_its_operations_are_those_of_the_contract(self, application: Application, openapi: Json) -> None:
        """No more and no fewer, each with a name of its own."""
        operations = _operations(openapi, application.reference.prefix)
        assert set(operations) == set(OPERATIONS)
        names = [operation["operationId"] for operation in operations.values()]
        assert len(set(names)) == len(names)

    def test_every_reference_leads_somewhere(self, openapi: Json) -> None:
        """Else no client can be made from it."""
        assert [each for each in _references(openapi) if not _resolves(openapi, each)] == []

    def test_it_tells_every_answer(self, application: Application, openapi: Json) -> None:
        """By status, with the types of bodies, as userkit documents it."""
        told = _operations(openapi, application.reference.prefix)
        for key, expected in self._expected(application).items():
            for status, answer in expected["responses"].items():
                found = told[key]["responses"][status]
                assert set(found.get("content", {})) == set(answer.get("content", {})), (key, status)
            assert set(told[key]["responses"]) == set(expected["responses"]), key

    def test_it_tells_what_can_be_sent(self, application: Application, openapi: Json) -> None:
        """Parameters by name and place, and the type of the body."""
        told = _operations(openapi, application.reference.prefix)
        for key, expected in self._expected(application).items():
            named = {(each["in"], each["name"].lower()) for each in told[key].get("parameters", ())}
            assert named == {(each["in"], each["name"].lower()) for each in expected["parameters"]}, key
            body, wanted = (each.get("requestBody", {}) for each in (told[key], expected))
            assert set(body.get("content", {})) == set(wanted.get("content", {})), key
            assert body.get("required", False) == wanted.get("required", False), key

    def test_it_tells_who_may_ask(self, application: Application, openapi: Json) -> None:
        """The schemes that are named are described, and routes for everybody need none."""
        told = _operations(openapi, application.reference.prefix)
        described = set(openapi["components"]["securitySchemes"])
        for key, expected in self._expected(application).items():
            named = {name for each in told[key].get("security", ()) for name in each}
            assert named <= described, key
            assert named == {name for each in expected.get("security", ()) for name in each}, key

    def _expected(self, application: Application) -> dict[tuple[str, str], Json]:
        reference = application.reference
        routes, prefix = reference.surface.routes, reference.prefix
        return _operations(document(routes, prefix=prefix, title="app", version="1"), prefix)
