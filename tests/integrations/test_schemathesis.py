"""What the OpenAPI document says is what happens: Schemathesis makes requests from it, good and bad ones."""

from collections.abc import Callable

import pytest

from tests.integrations.exploring import EXCEPTIONS, SEED, Findings, explore
from tests.integrations.worlds import Place, World
from userkit.testing.http.table import OPERATIONS

_DOCUMENTS = {"fastapi": "/openapi.json", "flask": "/api/v1/openapi.json"}
_ALL = ("examples", "coverage", "fuzzing", "stateful")
_QUICK = ("examples", "coverage")


def _at(framework: str, way: str, store: str, phases: tuple[str, ...]) -> object:
    marks = [pytest.mark.server] if store == "postgresql" else []
    return pytest.param(Place(framework, way, store), phases, id=f"{framework}-{way}-{store}", marks=marks)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("place", "phases"),
    [
        _at("fastapi", "in-process", "sqlite", _ALL),
        _at("fastapi", "in-process", "postgresql", _QUICK),
        _at("flask", "in-process", "postgresql", _ALL),
        _at("fastapi", "socket", "sqlite", _QUICK),
        _at("flask", "socket", "sqlite", _QUICK),
    ],
    indirect=["place"],
)
def test_the_document_tells_the_truth(
    open_world: Callable[..., World], place: Place, phases: tuple[str, ...]
) -> None:
    """Every check of Schemathesis passes, on every operation."""
    world = open_world(limits=False, http_options={"body_limit": 1_000_000})
    found = explore(world, _DOCUMENTS[place.framework], examples=20, phases=phases)
    assert not found.problems, f"seed {SEED}, {len(found.problems)} problems:\n" + "\n\n".join(
        found.problems[:20]
    )
    _see_that_it_was_thorough(found, phases)


def _see_that_it_was_thorough(found: Findings, phases: tuple[str, ...]) -> None:
    """See that nothing passed because it did not happen."""
    ours = {f"{method} /api/v1{path}" for method, path in OPERATIONS}
    assert ours <= found.operations
    assert {
        name.lower(): found.phases[name] for name in found.phases if name.lower() in phases
    }.keys() == set(phases)
    assert {200, 201, 202, 204, 400, 401, 404, 405, 409, 412, 415, 422} <= found.statuses
    assert found.requests > 700
    assert found.checks >= {
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
        "response_headers_conformance",
        "negative_data_rejection",
        "positive_data_acceptance",
        "ignored_auth",
        "unsupported_method",
        "allow_header_conformance",
        *(("use_after_free", "ensure_resource_availability") if "stateful" in phases else ()),
    }


def test_every_exception_has_a_reason() -> None:
    """And concerns one check, one status and one code."""
    assert all(reason for reason in EXCEPTIONS.values())
    assert {check for check, _, _ in EXCEPTIONS} == {"positive_data_acceptance"}
