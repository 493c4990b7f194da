"""Access tokens as JSON Web Tokens (RFC 9068), with everything checked that PyJWT leaves open."""

__all__: list[str] = []
