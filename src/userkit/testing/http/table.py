"""Every route of the built-in features, as the contract lists them."""

__all__ = ["OPERATIONS", "PATHS", "filled"]

OPERATIONS = (
    ("POST", "/users"),
    ("GET", "/users"),
    ("GET", "/users/me"),
    ("PATCH", "/users/me"),
    ("DELETE", "/users/me"),
    ("GET", "/users/{id}"),
    ("PATCH", "/users/{id}"),
    ("DELETE", "/users/{id}"),
    ("POST", "/users/{id}/disable"),
    ("POST", "/users/{id}/enable"),
    ("GET", "/users/{id}/roles"),
    ("PUT", "/users/{id}/roles"),
    ("POST", "/auth/login"),
    ("POST", "/auth/token"),
    ("POST", "/auth/refresh"),
    ("POST", "/auth/logout"),
    ("POST", "/auth/reauthenticate"),
    ("GET", "/auth/sessions"),
    ("DELETE", "/auth/sessions"),
    ("DELETE", "/auth/sessions/{id}"),
    ("GET", "/auth/jwks"),
    ("POST", "/auth/password/change"),
    ("POST", "/auth/password/forgot"),
    ("POST", "/auth/password/reset"),
    ("POST", "/auth/email/verify/request"),
    ("POST", "/auth/email/verify"),
    ("POST", "/auth/email/change"),
    ("POST", "/auth/email/change/confirm"),
    ("POST", "/auth/api-keys"),
    ("GET", "/auth/api-keys"),
    ("DELETE", "/auth/api-keys/{id}"),
)
"""Methods and paths, below the prefix."""

PATHS = tuple(dict.fromkeys(path for _, path in OPERATIONS))

_NO_ID = "019c9f2f-3d7b-7000-8000-000000000000"


def filled(path: str, id: str = _NO_ID) -> str:
    """Return a path with an id in its place."""
    return path.replace("{id}", id)
