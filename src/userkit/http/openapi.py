"""The OpenAPI document of routes, for frameworks that make none of their own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from userkit.errors import (
    CsrfFailedError,
    ForbiddenError,
    NotFoundError,
    ReauthenticationRequiredError,
    StoreUnavailableError,
    UnauthenticatedError,
    UserKitError,
    UserNotFoundError,
)
from userkit.http.events import EVENT_STREAM, PROBLEM
from userkit.http.problems import (
    PROBLEM_JSON,
    BodyTooLargeError,
    MalformedBodyError,
    PreconditionFailedError,
    UnsupportedMediaTypeError,
    ValidationFailedError,
    status_of,
    type_of,
)
from userkit.http.route import FORM, JSON, AnyRoute
from userkit.http.schemas import UserKitProblem, UserKitValidationProblem

__all__ = [
    "SECURITY_SCHEMES",
    "document",
    "event_stream",
    "if_match_parameter",
    "other_responses",
    "problem_responses",
    "reply_headers",
    "request_body",
    "security_of",
]

Json = dict[str, Any]
_REF = "#/components/schemas/{model}"


def security_schemes(token_url: str) -> Json:
    """Return the ways to sign in that the Authorize button offers; ``token_url`` takes the password form."""
    return {
        "password": {
            "type": "oauth2",
            "description": "Sign in with the e-mail address as the user name.",
            "flows": {"password": {"scopes": {}, "tokenUrl": token_url}},
        },
        "bearer": {"type": "http", "scheme": "bearer", "description": "An access token or an API key."},
        "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key."},
    }


SECURITY_SCHEMES = tuple(security_schemes(""))
"""The names of the security schemes; one of them is enough."""


def security_of(route: AnyRoute) -> tuple[str, ...]:
    """Return the security schemes of which a route wants one, none where anybody may call it."""
    if route.access.public:
        return ()
    # An API key cannot do what is for somebody who has signed in.
    return ("password", "bearer") if route.access.session else ("password", "bearer", "api_key")


def document(routes: Sequence[AnyRoute], *, prefix: str, title: str, version: str) -> Json:
    """Return the OpenAPI 3.1 document of routes below a prefix."""
    models = _models(routes)
    refs, definitions = models_json_schema(models, ref_template=_REF)
    named = {model: ref for (model, _), ref in refs.items() if issubclass(model, BaseModel)}
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(prefix + route.path, {})[route.method.lower()] = _operation(route, named)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {
            "schemas": dict(sorted(definitions.get("$defs", {}).items())),
            "securitySchemes": security_schemes(f"{prefix}/auth/token"),
        },
    }


def problem_responses(route: AnyRoute) -> dict[int, tuple[str, type[BaseModel]]]:
    """Return by status what else a route may answer: a description, and the schema of the body."""
    by_status: dict[int, list[str]] = {}
    for error in _errors(route):
        codes = by_status.setdefault(int(status_of(error)), [])
        if error.code not in codes:
            codes.append(error.code)
    validation = int(status_of(ValidationFailedError))
    return {
        status: (
            " or ".join(f"[`{code}`]({type_of(code)})" for code in codes),
            UserKitValidationProblem if status == validation else UserKitProblem,
        )
        for status, codes in sorted(by_status.items())
    }


def other_responses(route: AnyRoute) -> Mapping[int, str]:
    """Return the other answers of a route that are no errors."""
    return route.also


def request_body(route: AnyRoute, schema: Json) -> Json:
    """Return how a route's body is described."""
    return {"required": True, "content": {route.media_type: {"schema": schema}}}


def reply_headers(route: AnyRoute) -> Json:
    """Return how the headers of a route's answer are described."""
    return {name: {"description": told, "schema": {"type": "string"}} for name, told in route.headers.items()}


def event_stream(route: AnyRoute) -> Json:
    """Return how the content of an answer is described that is a stream of events."""
    events = {**route.events, PROBLEM: "what went wrong, as problem details; it is the last"}
    told = "; ".join(f"`{name}`: {meaning}" for name, meaning in events.items())
    return {EVENT_STREAM: {"schema": {"type": "string", "description": f"Server-sent events. {told}."}}}


def if_match_parameter(route: AnyRoute) -> list[Json]:
    """Return the header If-Match as a parameter, where it is heeded."""
    told = "The `ETag` of what was read: the change is made only if it is still that."
    schema = {"type": "string", "pattern": r'^(\*|"v\d{1,9}")$', "examples": ['"v1"']}
    return (
        [{"name": "If-Match", "in": "header", "required": False, "description": told, "schema": schema}]
        if route.conditional
        else []
    )


def _operation(route: AnyRoute, refs: Mapping[type[BaseModel], Any]) -> Json:
    operation: Json = {
        "tags": [route.tag],
        "summary": route.summary,
        **({"description": route.description} if route.description else {}),
        "operationId": route.name,
        "parameters": [*_path_parameters(route), *_query_parameters(route), *if_match_parameter(route)],
    }
    if route.body is not None:
        schema = route.body.model_json_schema() if route.media_type == FORM else _ref(refs, route.body)
        operation["requestBody"] = request_body(route, schema)
    operation["responses"] = _responses(route, refs)
    if security := security_of(route):
        operation["security"] = [{name: []} for name in security]
    return operation


def _responses(route: AnyRoute, refs: Mapping[type[BaseModel], Any]) -> Json:
    answers = route.reply is not None or route.events
    success: Json = {"description": "What was asked for." if answers else "Done."}
    if route.events:
        success["content"] = event_stream(route)
    if route.reply is not None:
        success["content"] = {JSON: {"schema": _ref(refs, route.reply)}}
    if headers := reply_headers(route):
        success["headers"] = headers
    others = {str(status): {"description": told} for status, told in route.also.items()}
    problems = {
        str(status): {"description": told, "content": {PROBLEM_JSON: {"schema": _ref(refs, model)}}}
        for status, (told, model) in problem_responses(route).items()
    }
    return {str(route.status): success, **others, **problems}


def _path_parameters(route: AnyRoute) -> Iterable[Json]:
    return (
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in route.path_names
    )


def _query_parameters(route: AnyRoute) -> Iterable[Json]:
    if route.query is None:
        return
    schema = route.query.model_json_schema()
    required = schema.get("required", ())
    for name, field in schema["properties"].items():
        told = {"description": field.pop("description")} if "description" in field else {}
        yield {"name": name, "in": "query", "required": name in required, **told, "schema": field}


def _models(routes: Iterable[AnyRoute]) -> list[tuple[type[BaseModel], JsonSchemaMode]]:
    found: dict[type[BaseModel], JsonSchemaMode] = {
        UserKitProblem: "serialization",
        UserKitValidationProblem: "serialization",
    }
    for route in routes:
        if route.body is not None and route.media_type == JSON:
            found[route.body] = "validation"
        if route.reply is not None:
            found[route.reply] = "serialization"
    return list(found.items())


def _ref(refs: Mapping[type[BaseModel], Any], model: type[BaseModel]) -> Json:
    return dict(refs[model])


def _errors(route: AnyRoute) -> list[type[UserKitError]]:
    access, errors = route.access, list(route.errors)
    if route.body is not None:
        errors += [MalformedBodyError, BodyTooLargeError, UnsupportedMediaTypeError]
    if not access.public:
        errors.append(UnauthenticatedError)
    if access.session or access.permission is not None or not route.is_safe:
        errors += [] if access.public else [ForbiddenError]
    if access.fresh:
        errors.append(ReauthenticationRequiredError)
    if (route.events or not route.is_safe) and not access.public:
        errors.append(CsrfFailedError)
    if access.subject is not None:
        errors.append(UserNotFoundError)
    elif route.path_names:
        errors.append(NotFoundError)
    if route.conditional:
        errors.append(PreconditionFailedError)
    # Query strings that are not asked for are refused, too.
    return [*errors, ValidationFailedError, StoreUnavailableError]
