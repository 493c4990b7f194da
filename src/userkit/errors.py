"""Every error userkit raises, as one tree with stable codes.

    UserKitError
    ├── ConfigurationError                  wrong before the first call: fix the set-up
    │   ├── WeakSecretError
    │   ├── InvalidURLError
    │   ├── UnsupportedStoreError
    │   ├── SchemaOutdatedError
    │   ├── MailerMissingError
    │   └── PluginError
    │       ├── UnknownBackendError
    │       ├── PluginConflictError
    │       ├── PluginLoadError
    │       │   └── MissingExtraError
    │       └── PluginIncompatibleError
    ├── UsageError                          a call that no input makes right: fix the code
    │   └── WouldWaitError
    ├── InvalidInputError                   what a person or a client sent
    │   ├── InvalidEmailError
    │   ├── InvalidNameError
    │   ├── InvalidAttributesError
    │   ├── InvalidCursorError
    │   ├── InvalidTokenError
    │   ├── WeakPasswordError
    │   ├── UnknownHashError
    │   └── ScreeningRefusedError
    ├── UnauthenticatedError
    │   ├── InvalidCredentialsError
    │   └── ProofRequiredError
    ├── ForbiddenError
    │   ├── ReauthenticationRequiredError
    │   ├── EmailNotVerifiedError
    │   └── CsrfFailedError
    ├── NotFoundError
    │   └── UserNotFoundError
    ├── RateLimitedError
    ├── OverloadedError
    ├── MailError
    │   ├── MailRefusedError
    │   └── MailUnavailableError
    ├── LanguageModelError
    │   ├── ModelUnavailableError           trying again later may help
    │   │   ├── ModelTimeoutError
    │   │   ├── ModelThrottledError
    │   │   ├── ModelNotReadyError
    │   │   └── ModelStreamError
    │   ├── ModelQuotaError
    │   ├── ModelAccessError
    │   ├── UnknownModelError
    │   ├── ModelRequestError
    │   ├── ModelReplyError
    │   └── ContentFilteredError
    │       └── GuardrailError
    └── StoreError
        ├── DuplicateError
        │   └── EmailAlreadyExistsError
        ├── StaleError
        ├── InvalidEntityError
        └── StoreUnavailableError

``code`` is the stable name of an error in HTTP answers and logs. The text of an error is for
people, may change, and never carries a secret.
"""

from typing import ClassVar

__all__ = [
    "ConfigurationError",
    "ContentFilteredError",
    "CsrfFailedError",
    "DuplicateError",
    "EmailAlreadyExistsError",
    "EmailNotVerifiedError",
    "ForbiddenError",
    "GuardrailError",
    "InvalidAttributesError",
    "InvalidCredentialsError",
    "InvalidCursorError",
    "InvalidEmailError",
    "InvalidEntityError",
    "InvalidInputError",
    "InvalidNameError",
    "InvalidTokenError",
    "InvalidURLError",
    "LanguageModelError",
    "MailError",
    "MailRefusedError",
    "MailUnavailableError",
    "MailerMissingError",
    "MissingExtraError",
    "ModelAccessError",
    "ModelNotReadyError",
    "ModelQuotaError",
    "ModelReplyError",
    "ModelRequestError",
    "ModelStreamError",
    "ModelThrottledError",
    "ModelTimeoutError",
    "ModelUnavailableError",
    "NotFoundError",
    "OverloadedError",
    "PluginConflictError",
    "PluginError",
    "PluginIncompatibleError",
    "PluginLoadError",
    "ProofRequiredError",
    "RateLimitedError",
    "ReauthenticationRequiredError",
    "SchemaOutdatedError",
    "ScreeningRefusedError",
    "StaleError",
    "StoreError",
    "StoreUnavailableError",
    "UnauthenticatedError",
    "UnknownBackendError",
    "UnknownHashError",
    "UnknownModelError",
    "UnsupportedStoreError",
    "UsageError",
    "UserKitError",
    "UserNotFoundError",
    "WeakPasswordError",
    "WeakSecretError",
    "WouldWaitError",
]


class UserKitError(Exception):
    """The root of every error of userkit."""

    code: ClassVar[str] = "internal_error"
    summary: ClassVar[str] = "Something went wrong."

    def __init__(self, detail: str | None = None) -> None:
        """Take what to tell the reader, or the summary of the class."""
        super().__init__(detail or self.summary)

    @property
    def detail(self) -> str:
        """Return the sentence for people."""
        return str(self)


class ConfigurationError(UserKitError):
    """The set-up is wrong; the sentence says how to mend it."""

    code = "configuration_error"
    summary = "The configuration of userkit is wrong."


class WeakSecretError(ConfigurationError):
    """The secret is empty, short, well known or an example."""

    summary = "The secret is too weak."


class InvalidURLError(ConfigurationError):
    """A store URL or one of its options cannot be understood."""

    summary = "The store URL cannot be understood."


class UnsupportedStoreError(ConfigurationError):
    """The store cannot do what the kit needs of it."""

    summary = "The store does not support this."


class SchemaOutdatedError(ConfigurationError):
    """The tables in the database are missing or older than this version of userkit."""

    summary = "The tables of userkit are missing or out of date; run `userkit db upgrade`."


class MailerMissingError(ConfigurationError):
    """What was asked for needs mail, and the kit has nothing that sends any."""

    code = "mailer_missing"
    summary = "This application sends no mail."


class PluginError(ConfigurationError):
    """A plugin cannot be used."""

    summary = "A plugin cannot be used."


class UnknownBackendError(PluginError):
    """No installed plugin has this name."""

    summary = "There is no such backend."


class PluginConflictError(PluginError):
    """Two distributions offer the same name."""

    summary = "Two plugins offer the same name."


class PluginLoadError(PluginError):
    """A plugin is installed but failed to load."""

    summary = "A plugin failed to load."


class MissingExtraError(PluginLoadError):
    """A backend of userkit needs packages that are not installed."""

    summary = "A backend needs packages that are not installed."


class PluginIncompatibleError(PluginError):
    """A plugin was written for another version of the plugin API."""

    summary = "A plugin was written for another version of the plugin API."


class UsageError(UserKitError):
    """A call breaks the contract of the function; no other input would make it right."""

    code = "usage_error"
    summary = "This call breaks the contract of the function."


class WouldWaitError(UsageError):
    """A coroutine of a synchronous kit tried to wait for an event loop."""

    summary = "A coroutine of the synchronous kit tried to wait."


class InvalidInputError(UserKitError):
    """What was sent does not have the form that is asked for."""

    code = "validation_failed"
    summary = "The input is not valid."


class InvalidEmailError(InvalidInputError):
    """This is not one e-mail address that userkit accepts."""

    code = "invalid_email"
    summary = "The e-mail address is not valid."


class InvalidNameError(InvalidInputError):
    """This is not a name that userkit accepts."""

    code = "invalid_name"
    summary = "The name is not valid."


class InvalidAttributesError(InvalidInputError):
    """The attributes are not JSON, too large, or refused by the application's model."""

    code = "invalid_attributes"
    summary = "The attributes are not valid."


class InvalidCursorError(InvalidInputError):
    """The cursor was not issued by this kit for this list."""

    code = "invalid_cursor"
    summary = "The cursor is not valid for this list."


class InvalidTokenError(InvalidInputError):
    """The token of a link is unknown, spent, expired or meant for something else."""

    code = "invalid_token"
    summary = "The link is not valid or no longer valid."


class WeakPasswordError(InvalidInputError):
    """The password does not meet the policy."""

    code = "weak_password"
    summary = "The password is too weak."


class UnknownHashError(InvalidInputError):
    """A password hash to import is malformed, too costly, or of a kind that cannot be verified."""

    code = "unknown_hash"
    summary = "This password hash cannot be verified here."


class ScreeningRefusedError(InvalidInputError):
    """What somebody wants to be called is refused; ``reasons`` are short words that say why."""

    code = "screening_refused"
    summary = "This name or profile cannot be accepted."

    def __init__(self, detail: str | None = None, *, reasons: tuple[str, ...] = ()) -> None:
        """Take the reasons, from a fixed list: nothing of what was typed."""
        super().__init__(detail)
        self.reasons = reasons

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.detail,), {"reasons": self.reasons}


class UnauthenticatedError(UserKitError):
    """The request proves nobody's identity."""

    code = "unauthenticated"
    summary = "Sign in first."


class InvalidCredentialsError(UnauthenticatedError):
    """The credentials do not open an account."""

    code = "invalid_credentials"
    summary = "The e-mail address or the password is wrong."


class ProofRequiredError(UnauthenticatedError):
    """The password is right, and one of these ``methods`` must be proved as well."""

    code = "proof_required"
    summary = "One more proof is required."

    def __init__(self, detail: str | None = None, *, methods: tuple[str, ...] = ()) -> None:
        """Take the methods of which one is to be proved."""
        super().__init__(detail)
        self.methods = methods

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.detail,), {"methods": self.methods}


class ForbiddenError(UserKitError):
    """The identity may not do this."""

    code = "forbidden"
    summary = "This is not allowed."


class ReauthenticationRequiredError(ForbiddenError):
    """The sign-in is too long ago for something this dangerous."""

    code = "reauthentication_required"
    summary = "Confirm your password first."


class EmailNotVerifiedError(ForbiddenError):
    """The account opens once its owner has followed the link that was sent to its address."""

    code = "email_not_verified"
    summary = "Confirm your e-mail address first."


class CsrfFailedError(ForbiddenError):
    """A request with a cookie did not come from the application's own pages."""

    code = "csrf_failed"
    summary = "The request did not come from this site."


class NotFoundError(UserKitError):
    """There is no such thing, or the caller may not know of it."""

    code = "not_found"
    summary = "There is no such thing."


class UserNotFoundError(NotFoundError):
    """There is no such user, or the caller may not know of it."""

    code = "user_not_found"
    summary = "There is no such user."


class RateLimitedError(UserKitError):
    """Too many attempts; ``retry_after`` says for how many seconds to wait."""

    code = "rate_limited"
    summary = "Too many attempts; try again later."

    def __init__(self, detail: str | None = None, *, retry_after: float = 1.0) -> None:
        """Take the time to wait in seconds."""
        super().__init__(detail)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.detail,), {"retry_after": self.retry_after}


class OverloadedError(UserKitError):
    """The server has more work queued than it may take on; ``retry_after`` is in seconds."""

    code = "overloaded"
    summary = "The server is busy; try again in a moment."

    def __init__(self, detail: str | None = None, *, retry_after: float = 1.0) -> None:
        """Take the time to wait in seconds."""
        super().__init__(detail)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.detail,), {"retry_after": self.retry_after}


class MailError(UserKitError):
    """A message could not be handed over."""

    code = "mail_failed"
    summary = "The message could not be sent."


class MailRefusedError(MailError):
    """The mail server will not take this message; trying again cannot help."""

    summary = "The mail server refused the message."


class MailUnavailableError(MailError):
    """The mail server cannot be reached or cannot serve; trying again later may help."""

    summary = "The mail server is not available."


class LanguageModelError(UserKitError):
    """A language model gave no answer that can be used. Nothing of what was said to it stands in here."""

    code = "language_model_failed"
    summary = "The language model gave no answer that can be used."


class ModelUnavailableError(LanguageModelError):
    """The model cannot be reached or cannot serve; trying again after ``retry_after`` seconds may help."""

    code = "language_model_unavailable"
    summary = "The language model is not available; try again later."

    def __init__(self, detail: str | None = None, *, retry_after: float = 1.0) -> None:
        """Take the time to wait in seconds."""
        super().__init__(detail)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.detail,), {"retry_after": self.retry_after}


class ModelTimeoutError(ModelUnavailableError):
    """The model did not answer in time."""

    summary = "The language model did not answer in time."


class ModelThrottledError(ModelUnavailableError):
    """The provider takes no more requests at this moment."""

    summary = "The language model takes no more requests at this moment."


class ModelNotReadyError(ModelUnavailableError):
    """The provider is still making the model ready."""

    summary = "The language model is not ready yet."


class ModelStreamError(ModelUnavailableError):
    """The answer broke off in the middle."""

    summary = "The answer of the language model broke off."


class ModelQuotaError(LanguageModelError):
    """What the account may ask for is used up, until the provider or somebody raises it."""

    summary = "The quota for the language model is used up."


class ModelAccessError(LanguageModelError):
    """The credentials are missing, wrong, or may not use this model."""

    summary = "The language model may not be used with these credentials."


class UnknownModelError(LanguageModelError):
    """The provider knows no such model in this region."""

    summary = "There is no such language model."


class ModelRequestError(LanguageModelError):
    """The model cannot take this request, such as one that is too long."""

    summary = "The language model cannot take this request."


class ModelReplyError(LanguageModelError):
    """The answer is not what was asked for: it does not fit the schema, is cut short or is too large."""

    summary = "The answer of the language model is not what was asked for."


class ContentFilteredError(LanguageModelError):
    """The provider's filter held back the request or the answer."""

    code = "content_filtered"
    summary = "A content filter held this back."


class GuardrailError(ContentFilteredError):
    """The guardrail that the application has chosen has intervened."""

    summary = "A guardrail held this back."


class StoreError(UserKitError):
    """The store refused or failed; nothing was changed unless the sentence says so."""

    code = "store_error"
    summary = "The store failed."


class DuplicateError(StoreError):
    """A value that must be unique is taken; ``field`` names it."""

    code = "already_exists"
    summary = "This already exists."

    def __init__(self, field: str, detail: str | None = None) -> None:
        """Take the name of the field whose value is taken."""
        super().__init__(detail or f"Another record already has this {field}.")
        self.field = field

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.field, self.detail)


class EmailAlreadyExistsError(DuplicateError):
    """Another account has this e-mail address."""

    code = "email_already_exists"
    summary = "Another account has this e-mail address."

    def __init__(self, field: str = "email", detail: str | None = None) -> None:
        """Name the field as the caller knows it."""
        super().__init__(field, detail or self.summary)


class StaleError(StoreError):
    """The stored revision is not the one the change was made from."""

    code = "stale"
    summary = "This was changed by somebody else in the meantime; read it again."


class InvalidEntityError(StoreError):
    """A field of an entity holds something that no store can keep."""

    code = "invalid_entity"
    summary = "A field holds something that cannot be stored."


class StoreUnavailableError(StoreError):
    """The database cannot be reached or cannot serve; trying again later may help."""

    code = "unavailable"
    summary = "The database is not available; try again later."
