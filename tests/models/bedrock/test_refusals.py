"""What goes wrong, row by row: which error of ours it is, and whether it is asked again."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore import exceptions
from botocore.exceptions import EventStreamError
from botocore.parsers import ResponseParserError
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from tests.models.bedrock.stubs import NOVA, ListedClient, answer, refusal
from userkit.backends.bedrock.calling import Caller
from userkit.backends.bedrock.line import Line
from userkit.backends.bedrock.links import GivenLink
from userkit.errors import (
    LanguageModelError,
    ModelAccessError,
    ModelNotReadyError,
    ModelQuotaError,
    ModelReplyError,
    ModelRequestError,
    ModelStreamError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
    UnknownModelError,
)

SECRET = "Zaphod"
URL = f"https://bedrock.example.com/{SECRET}"

AGAIN: list[tuple[Any, type[LanguageModelError]]] = [
    (refusal("ThrottlingException", message=SECRET, status=429), ModelThrottledError),
    (refusal("TooManyRequestsException", status=429), ModelThrottledError),
    (refusal("Throttling", status=400), ModelThrottledError),
    (refusal("SomethingNew", status=429), ModelThrottledError),
    (refusal("ModelNotReadyException", message=SECRET, status=429), ModelNotReadyError),
    (refusal("ServiceUnavailableException", message=SECRET, status=503), ModelUnavailableError),
    (refusal("InternalServerException", message=SECRET, status=500), ModelUnavailableError),
    (refusal("502", message=SECRET, status=502), ModelUnavailableError),
    (refusal("", message=SECRET, status=504), ModelUnavailableError),
    (exceptions.ConnectTimeoutError(endpoint_url=URL, error=SECRET), ModelTimeoutError),
    (exceptions.EndpointConnectionError(endpoint_url=URL, error=SECRET), ModelUnavailableError),
    (exceptions.ProxyConnectionError(proxy_url=URL, error=SECRET), ModelUnavailableError),
    (exceptions.ConnectionClosedError(endpoint_url=URL, error=SECRET), ModelUnavailableError),
]
ONCE: list[tuple[Any, type[LanguageModelError], str]] = [
    (refusal("AccessDeniedException", message=SECRET, status=403), ModelAccessError, "bedrock:InvokeModel"),
    (refusal("SomethingNew", status=403), ModelAccessError, "bedrock:InvokeModel"),
    (refusal("SomethingNew", status=401), ModelAccessError, "bedrock:InvokeModel"),
    (refusal("UnrecognizedClientException", status=403), ModelAccessError, "wrong, or have expired"),
    (refusal("ExpiredTokenException", status=403), ModelAccessError, "wrong, or have expired"),
    (refusal("InvalidSignatureException", status=403), ModelAccessError, "wrong, or have expired"),
    (exceptions.NoCredentialsError(), ModelAccessError, "AWS_PROFILE"),
    (exceptions.PartialCredentialsError(provider="env", cred_var=SECRET), ModelAccessError, "AWS_PROFILE"),
    (exceptions.CredentialRetrievalError(provider="role", error_msg=SECRET), ModelAccessError, "AWS_PROFILE"),
    (exceptions.TokenRetrievalError(provider="sso", error_msg=SECRET), ModelAccessError, "AWS_PROFILE"),
    (exceptions.UnauthorizedSSOTokenError(), ModelAccessError, "AWS_PROFILE"),
    (exceptions.NoRegionError(), UnknownModelError, "region"),
    (refusal("ResourceNotFoundException", message=SECRET, status=404), UnknownModelError, "in this region"),
    (
        refusal("ValidationException", message="The provided model identifier is invalid."),
        UnknownModelError,
        "in this region",
    ),
    (
        refusal("ValidationException", message=f"{SECRET} with on-demand throughput isn't supported."),
        ModelRequestError,
        "inference profiles",
    ),
    (
        refusal("ValidationException", message="The guardrail identifier or version is not valid."),
        ModelRequestError,
        "guardrail of the settings",
    ),
    (
        refusal(
            "ValidationException", message="This model doesn't support the toolConfig.toolChoice.any field."
        ),
        ModelRequestError,
        "tool_choice",
    ),
    (refusal("ValidationException", message=SECRET), ModelRequestError, "not valid for this model"),
    (refusal("SomethingNew", message=SECRET), ModelRequestError, "not valid for this model"),
    (exceptions.ParamValidationError(report=SECRET), ModelRequestError, "not valid for this model"),
    (refusal("ServiceQuotaExceededException", message=SECRET), ModelQuotaError, "used up"),
    (
        refusal("ThrottlingException", message="Too many tokens per day, please wait.", status=429),
        ModelQuotaError,
        "used up",
    ),
    (refusal("ModelTimeoutException", message=SECRET, status=408), ModelTimeoutError, "in time"),
    (exceptions.ReadTimeoutError(endpoint_url=URL, error=SECRET), ModelTimeoutError, "in time"),
    (ReadTimeoutError(None, None, SECRET), ModelTimeoutError, "in time"),  # type: ignore[arg-type]  # of no pool
    (TimeoutError(SECRET), ModelTimeoutError, "in time"),
    (refusal("ModelErrorException", message=SECRET, status=424), ModelUnavailableError, "failed while"),
    (refusal("ModelStreamErrorException", message=SECRET, status=424), ModelStreamError, "broke off"),
    (exceptions.SSLError(endpoint_url=URL, error=SECRET), ModelUnavailableError, "secure connection"),
    (ProtocolError(SECRET), ModelUnavailableError, "broke off"),
    (ConnectionResetError(SECRET), ModelUnavailableError, "broke off"),
    (exceptions.HTTPClientError(error=SECRET), ModelUnavailableError, "on the way"),
    (ResponseParserError(SECRET), ModelReplyError, "cannot be read"),
]


def call(*answers: Any, attempts: int = 3, line: Line | None = None) -> tuple[Any, ListedClient, list[float]]:
    """Return what comes of a call, the client that was asked, and the pauses."""
    client = ListedClient(*answers)
    pauses: list[float] = []
    caller = Caller(GivenLink(client), attempts=attempts, pause=lambda _line, seconds: pauses.append(seconds))
    try:
        return caller(line or Line(), "converse", modelId=NOVA), client, pauses
    except LanguageModelError as error:
        return error, client, pauses


def told(error: BaseException) -> str:
    """Return all that an error tells, and those that it came from."""
    return f"{error!r} {error} {vars(error)} {error.__cause__!r} {error.__context__!r}"


@pytest.mark.parametrize(("error", "kind"), AGAIN)
def test_what_may_pass_is_asked_again(error: Any, kind: type[LanguageModelError]) -> None:
    """As often as is allowed, after pauses; nothing of what AWS says is repeated."""
    found, client, pauses = call(error, error, answer({"text": "Hi"}))
    assert found == answer({"text": "Hi"})
    assert len(client.asked) == 3
    assert all(0 <= pause <= 5 for pause in pauses)
    found, client, pauses = call(error, error, error)
    assert type(found) is kind
    assert (len(client.asked), len(pauses)) == (3, 2)
    assert SECRET not in told(found)


@pytest.mark.parametrize(("error", "kind", "words"), ONCE)
def test_what_would_not_pass_is_asked_once(error: Any, kind: type[LanguageModelError], words: str) -> None:
    """The error says what to do; nothing of what AWS says is repeated."""
    found, client, pauses = call(error)
    assert type(found) is kind
    assert words in str(found)
    assert (len(client.asked), pauses) == (1, [])
    assert SECRET not in told(found)


def test_a_model_that_takes_no_temperature_is_asked_without() -> None:
    """From then on at once; where it helps nothing the error says what was wrong."""
    message = f"The model returned an error: `temperature` is deprecated for this model. {SECRET}"
    picky = refusal("ValidationException", message=message)
    client = ListedClient(picky, answer(), answer(), picky, picky)
    caller = Caller(GivenLink(client), attempts=1)
    config = {"maxTokens": 5, "temperature": 0.0}
    for _ in range(2):
        assert caller(Line(), "converse", modelId=NOVA, inferenceConfig=config) == answer()
    sent = [asked["inferenceConfig"] for _, asked in client.asked]
    assert sent == [config, {"maxTokens": 5}, {"maxTokens": 5}]
    with pytest.raises(ModelRequestError, match="takes no temperature") as caught:
        caller(Line(), "converse", modelId=NOVA, inferenceConfig=config)
    assert SECRET not in told(caught.value)
    assert len(client.asked) == 4


def test_an_error_names_the_request_for_the_support_of_aws() -> None:
    """And the code, where these are what they should be."""
    found, *_ = call(refusal("AccessDeniedException", status=403))
    assert str(found).endswith("(AccessDeniedException, request e1-42)")
    found, *_ = call(refusal(f"{SECRET} and more"))
    assert SECRET not in str(found)
    found, *_ = call(EventStreamError({"Error": {}}, "Converse"), attempts=1)
    assert type(found) is ModelUnavailableError
    assert str(found).endswith("later.")


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "ModelNotReadyException", "ServiceUnavailableException"]
)
def test_retry_after_is_honoured(code: str) -> None:
    """In seconds; a long time is the caller's to wait."""
    found, client, pauses = call(refusal(code, headers={"retry-after": "2"}), answer())
    assert found == answer()
    assert 2 <= pauses[0] <= 2.2
    found, client, pauses = call(refusal(code, headers={"retry-after": "600"}))
    assert (found.retry_after, len(client.asked), pauses) == (600, 1, [])
    for unclear in ("soon", "-1", "9999999", "Wed, 21 Oct 2026 07:28:00 GMT"):
        found, client, pauses = call(refusal(code, headers={"retry-after": unclear}), attempts=1)
        assert found.retry_after == 1


def test_nothing_is_asked_again_when_the_time_is_over() -> None:
    """The error is that of the attempt that was made."""
    wait = refusal("ThrottlingException", headers={"retry-after": "3"})
    found, client, pauses = call(wait, line=Line(1.0))
    assert type(found) is ModelThrottledError
    assert (len(client.asked), pauses) == (1, [])
    found, client, pauses = call(line=Line(0))
    assert type(found) is ModelTimeoutError
    assert client.asked == []


@pytest.mark.parametrize("then", [refusal("ThrottlingException"), ConnectionResetError(SECRET)])
def test_a_call_that_was_ended_is_not_asked_again(then: Exception) -> None:
    """Whatever became of it."""
    line = Line()

    def end() -> Any:
        line.cut()
        raise then

    found, client, pauses = call(end, line=line)
    assert (type(found), str(found)) == (ModelUnavailableError, "The call was ended.")
    assert (len(client.asked), pauses) == (1, [])


@given(st.integers(min_value=1, max_value=19))
def test_pauses_are_bounded(attempt: int) -> None:
    """However many there were."""
    found, _, pauses = call(*[refusal("ThrottlingException")] * attempt, answer(), attempts=20)
    assert found == answer()
    assert len(pauses) == attempt
    assert all(0 <= pause <= min(5, 0.2 * 2**each) for each, pause in enumerate(pauses))


def test_what_is_not_of_the_network_is_not_hidden() -> None:
    """A mistake of ours stays one."""
    unexpected: Callable[[], Any] = lambda: (_ for _ in ()).throw(AssertionError("ours"))  # noqa: E731  # short
    with pytest.raises(AssertionError, match="ours"):
        call(unexpected)
