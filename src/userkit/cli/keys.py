"""``userkit keys``: secrets and keys, made, listed and rotated.

``--json`` of ``list`` prints a JSON Web Key Set (RFC 7517): ``{"keys": […]}``. ``generate`` and
``rotate`` print for people only, since what they make belongs into files.
"""

import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from userkit.cli.key_files import rotated, write_new
from userkit.cli.output import plain, print_json, print_table
from userkit.errors import ConfigurationError, MissingExtraError, WeakSecretError
from userkit.kernel.keys import Keyring
from userkit.kit import SyncUserKit
from userkit.ports.tokens import KeySet, SigningAlgorithm, SigningKey, TokenSettings
from userkit.settings import read_settings

__all__ = ["keys"]

_BYTES = 32
_RSA_BITS = 3072
_ALGORITHMS: tuple[SigningAlgorithm, ...] = ("ES256", "EdDSA", "RS256")
_PUBLIC = ".pub"

keys = typer.Typer(no_args_is_help=True, help="Make, list and rotate secrets and keys.")


@keys.command()
def generate(
    algorithm: Annotated[
        Literal["EdDSA", "ES256", "RS256", "secret"],
        typer.Option(help="A private key for access tokens, or the secret of an application."),
    ] = "ES256",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default="standard output",
            help="A new file that only you may read; one that is there already is an error.",
        ),
    ] = None,
) -> None:
    """Make a key, and say how to use it."""
    if algorithm == "secret":
        _deliver(f"{secrets.token_urlsafe(_BYTES)}\n", out)
        where = "the file" if out is None else str(out.absolute())
        _advise(f"Set USERKIT_SECRET_FILE to {where}; every process of the application needs the same.")
        return
    kid = _kid(out) if out is not None else f"{datetime.now(UTC):%Y-%m-%d}-{secrets.token_hex(2)}"
    private, public = _pair(algorithm)
    if out is None:
        typer.echo(private, nl=False)
    else:
        _write_both(out, private, public)
    _advise(
        f"The kid is {kid}. Give the key to the kit: KeySet(SigningKey(kid={kid!r}, algorithm={algorithm!r}, "
        "material=…)) as auth={'jwt': TokenSettings(keys=…)}; to rotate, put it behind the present one first."
    )


@keys.command("list")
def list_(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...",
            show_default=False,
            help="Private or public keys in PEM, by default the secret of the settings.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON Web Key Set.")] = False,
) -> None:
    """List the keys that verify access tokens; nothing of what is private is shown."""
    if not files:
        _list_derived(as_json)
        return
    found = [_public(file) for file in files]
    if as_json:
        # The two halves of one pair are one public key.
        print_json({"keys": list({str(jwk): jwk for jwk, _ in found}.values())})
        return
    print_table(
        ("Kid", "Algorithm", "File", "Can sign"),
        [
            (jwk["kid"], jwk["alg"], str(file), "yes" if signs else "no")
            for file, (jwk, signs) in zip(files, found, strict=True)
        ],
    )


@keys.command()
def rotate(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", show_default="USERKIT_SECRET_FILE", help="The secret file."),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", show_default="all", help="How many of the old secrets to keep."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
) -> None:
    """Put a new secret before those of a file, which go on verifying."""
    path = file or read_settings().secret_file
    if path is None:
        raise ConfigurationError("Give a secret file, or set USERKIT_SECRET_FILE.")
    fresh = secrets.token_urlsafe(_BYTES)
    kept, dropped = rotated(path, fresh, keep=keep, dry_run=dry_run)
    would = "would have" if dry_run else "has"
    typer.echo(plain(f"{path} {would} a new secret on its first line, and {_count(kept)} behind it."))
    if dropped:
        typer.echo(
            f"{_count(dropped)} {'would be' if dry_run else 'was'} taken out: what it signed is refused."
        )
    if dry_run:
        return
    typer.echo(f"The fingerprint of the new one is {Keyring.of(fresh).fingerprint()}.")
    typer.echo(
        "Next: 1. copy the file to every machine that runs the application. 2. Restart all of its processes, "
        "soon after each other: one that has not read the new file refuses what the others sign. 3. Two "
        "weeks later the old secrets may go (on pages that were opened before, people sign in again to "
        "change something); the next rotation takes them out with --keep 1."
    )


def _count(number: int) -> str:
    return f"{number} old {'one' if number == 1 else 'ones'}"


def _deliver(text: str, out: Path | None) -> None:
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_new(out, text, mode=0o600)


def _advise(sentence: str) -> None:
    # What is printed as the result may go into a file.
    typer.echo(plain(sentence), err=True)


def _write_both(out: Path, private: str, public: str) -> None:
    beside = out.with_name(f"{out.stem}{_PUBLIC}{out.suffix}")
    write_new(beside, public, mode=0o644)
    try:
        write_new(out, private, mode=0o600)
    except ConfigurationError:
        with suppress(OSError):
            beside.unlink()  # it was made just now, and belongs to no key
        raise
    _advise(f"The public half is in {beside}.")


def _pair(algorithm: str) -> tuple[str, str]:
    try:
        from cryptography.hazmat.primitives import serialization as forms
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{error.name} is not installed, and {algorithm} needs it: pip install 'userkit-sdk[crypto]'"
        ) from error
    key: Any
    if algorithm == "ES256":
        key = ec.generate_private_key(ec.SECP256R1())
    elif algorithm == "EdDSA":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    pem = forms.Encoding.PEM
    private = key.private_bytes(pem, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    public = key.public_key().public_bytes(pem, forms.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def _kid(file: Path) -> str:
    return file.stem.removesuffix(_PUBLIC)


def _public(file: Path) -> tuple[Any, bool]:
    """Return the public half of a key in a file, and whether the file can sign."""
    try:
        text = file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"The key file {file} cannot be read.") from None
    for algorithm in _ALGORITHMS:
        with suppress(_OtherAlgorithmError):
            return _jwk(_kid(file), algorithm, text), "PRIVATE KEY-----" in text
    raise ConfigurationError(
        f"{file} is no key for access tokens: it is PEM of {', '.join(_ALGORITHMS)}, without a password."
    )


class _OtherAlgorithmError(Exception):
    """The key is of another algorithm."""


def _jwk(kid: str, algorithm: SigningAlgorithm, pem: str) -> Any:
    # A public key may not be the first, which signs; and a shared secret is never in the set.
    signer = SigningKey(kid="signer", algorithm="HS256", material=secrets.token_bytes(_BYTES))
    try:
        key = SigningKey(kid=kid, algorithm=algorithm, material=pem)
        chosen = {"jwt": TokenSettings(keys=KeySet(signer, key))}
        kit = SyncUserKit("memory://", secret=secrets.token_bytes(_BYTES), relay=False, auth=chosen)
    except (MissingExtraError, WeakSecretError):
        raise
    except ConfigurationError:
        raise _OtherAlgorithmError from None
    return kit.jwks()["keys"][0]


def _list_derived(as_json: bool) -> None:
    """List the keys that are derived from the secrets; nobody may have them, so the set is empty."""
    secrets_given = read_settings().arguments(given=("store",))["secret"]
    derived = KeySet.derived_from(Keyring.of(secrets_given))
    if as_json:
        print_json({"keys": []})
        return
    print_table(
        ("Kid", "Algorithm", "Does"),
        [
            (key.kid, key.algorithm, "verifies" if number else "signs and verifies")
            for number, key in enumerate(derived)
        ],
    )
    typer.echo(
        "\nThey are derived from the secret, so there is no public half that others could verify with."
    )
