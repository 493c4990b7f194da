"""The errors of botocore as errors of ours, in sentences that tell what to do and no secret."""

from dataclasses import dataclass

from botocore import exceptions
from botocore.parsers import ResponseParserError

from userkit.backends.dynamodb.faults import code_of, reasons_of
from userkit.backends.dynamodb.links import Link
from userkit.errors import (
    ConfigurationError,
    InvalidEntityError,
    SchemaOutdatedError,
    StoreUnavailableError,
    UserKitError,
)

__all__ = ["Place", "translated"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table is."""

    table: str
    link: Link

    def __str__(self) -> str:
        """Return it in words, as far as it is known."""
        return f"The DynamoDB table {self.table}"

    @property
    def region(self) -> str:
        """Return the region of the client, or words for that there is none."""
        try:
            return str(self.link.client.meta.region_name)
        except exceptions.BotoCoreError:
            return "no region"


_Said = tuple[type[UserKitError], str]

_UNKNOWN_KEY = "cannot be asked: AWS does not know these credentials, or their secret is another."
_EXPIRED = "cannot be asked: the credentials have expired; sign in again, or give a role that renews them."
_CLOCK = "cannot be asked: AWS refuses the signature; is the clock of this machine right?"
_BUSY = "is busy: DynamoDB put off the request again and again; try later, or raise the limits of the table."
_UNFIT = "cannot store this entity: it is too large."

_CODES: dict[str, _Said] = {
    "UnrecognizedClientException": (ConfigurationError, _UNKNOWN_KEY),
    "InvalidClientTokenId": (ConfigurationError, _UNKNOWN_KEY),
    "InvalidSignatureException": (ConfigurationError, _CLOCK),
    "SignatureDoesNotMatch": (ConfigurationError, _CLOCK),
    "IncompleteSignature": (ConfigurationError, _UNKNOWN_KEY),
    "IncompleteSignatureException": (ConfigurationError, _UNKNOWN_KEY),
    "MissingAuthenticationToken": (ConfigurationError, _UNKNOWN_KEY),
    "MissingAuthenticationTokenException": (ConfigurationError, _UNKNOWN_KEY),
    "OptInRequired": (ConfigurationError, "is in a region that this account has not switched on."),
    "ExpiredToken": (ConfigurationError, _EXPIRED),
    "ExpiredTokenException": (ConfigurationError, _EXPIRED),
    "RequestExpired": (ConfigurationError, _EXPIRED),
}
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_BUSY_CODES = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "TransactionCanceledException",
        "TransactionConflictException",
    }
)


def translated(error: Exception, operation: str, place: Place) -> UserKitError:
    """Return the error of ours for what botocore raised."""
    kind, says = _of_answer(error, operation, place) if code_of(error) else _of_client(error)
    return kind(f"{place} {says}")


def _of_answer(error: Exception, operation: str, place: Place) -> _Said:
    code = code_of(error)
    if code in _CODES:
        return _CODES[code]
    if code in _DENIED:
        return (
            ConfigurationError,
            f"does not allow {_action(operation)} to these credentials: grant it in IAM.",
        )
    if code == "ResourceNotFoundException":
        return SchemaOutdatedError, (
            f"does not exist in {place.region}: mend its name or the region, enter the kit so that it is "
            "created, or create it from `userkit db template`."
        )
    if code == "ValidationException" or any(
        each.get("Code") == "ValidationError" for each in reasons_of(error)
    ):
        if "size" in str(error).lower():
            return InvalidEntityError, _UNFIT
        return StoreUnavailableError, "refused a request as invalid; is it a table of userkit?"
    return StoreUnavailableError, _BUSY if code in _BUSY_CODES else f"failed with {code}."


def _action(operation: str) -> str:
    if operation == "transact_write_items":  # it is no action of its own
        return "dynamodb:PutItem, DeleteItem and ConditionCheckItem"
    return f"dynamodb:{''.join(word.capitalize() for word in operation.split('_'))}"


def _of_client(error: Exception) -> _Said:
    for kinds, said in _CLIENT:
        if isinstance(error, kinds):
            return said
    if any(word in type(error).__name__ for word in ("Token", "SSO", "Login")):
        return ConfigurationError, _EXPIRED
    return StoreUnavailableError, f"cannot be asked: {type(error).__name__}."


# The first that fits counts: some are kinds of others.
_CLIENT: tuple[tuple[tuple[type[Exception], ...], _Said], ...] = (
    (
        (exceptions.NoRegionError, exceptions.InvalidRegionError),
        (ConfigurationError, "cannot be looked for: say in which region, as in ?region=eu-central-1."),
    ),
    (
        (exceptions.ProfileNotFound,),
        (ConfigurationError, "cannot be asked: AWS's configuration has no profile of this name."),
    ),
    (
        (exceptions.ConfigParseError, exceptions.InvalidConfigError),
        (ConfigurationError, "cannot be asked: AWS's configuration files cannot be read."),
    ),
    (
        (exceptions.CredentialRetrievalError, exceptions.MetadataRetrievalError),
        (StoreUnavailableError, "cannot be asked: credentials cannot be fetched at the moment."),
    ),
    (
        (exceptions.NoCredentialsError, exceptions.PartialCredentialsError),
        (
            ConfigurationError,
            "cannot be asked: there are no credentials, or only half of them. Give them to AWS's own chain, "
            "such as AWS_PROFILE, AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, or the role of the machine.",
        ),
    ),
    (
        (exceptions.SSLError,),
        (StoreUnavailableError, "cannot be asked: the server's certificate is not trusted here."),
    ),
    (
        (
            exceptions.EndpointConnectionError,
            exceptions.ConnectTimeoutError,
            exceptions.ProxyConnectionError,
        ),
        (
            StoreUnavailableError,
            "cannot be reached: is there a way to AWS, and are the region and the endpoint right?",
        ),
    ),
    ((exceptions.ReadTimeoutError,), (StoreUnavailableError, "did not answer in time.")),
    (
        (exceptions.HTTPClientError, ResponseParserError),
        (StoreUnavailableError, "broke off the connection, or sent what is no answer of DynamoDB."),
    ),
)
