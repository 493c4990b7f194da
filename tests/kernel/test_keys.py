"""Keys are derived from strong secrets, one for each purpose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userkit.errors import WeakSecretError
from userkit.kernel.keys import Keyring, SecretInput, hkdf
from userkit.kernel.secret import Secret

OLD = "Zk3vN8rT1yQ5wL7pX2cB9mD4fH6jS0aG"
NEW = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"


def test_keys_are_derived_as_rfc_5869_says() -> None:
    """Appendix A.3: SHA-256, no salt, no info."""
    key = hkdf(b"\x0b" * 22, purpose="", length=42)
    assert key.hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )


@pytest.mark.parametrize(
    ("purpose", "key"),
    [
        (
            "userkit cursors",
            "6e31bece0c592fcc4f21397e3d664b2491157d6db375f568fe0d7cc3c4b44311d214c3018a3a99c2"
            "658fdac321b9df163fbdd23b4df5e2d536956dc1d9d9899776876ac6b912a978398d003c788bf172",
        ),
        (
            "schlüssel",
            "c80097e5cd5244db1848b647812377bbe11b440e927063615be94efa905bb38a5dd804b9d7f0ad0b"
            "bd7549f5d8ec3c445c420e2e94d7596b930a34e76705a306e3e6a69eedf736519efa00adc28811bd",
        ),
    ],
)
def test_keys_agree_with_another_implementation(purpose: str, key: str) -> None:
    """The long keys come from pyca/cryptography's HKDF; a shorter one is their beginning."""
    secret = bytes(range(32))
    assert hkdf(secret, purpose=purpose, length=80).hex() == key
    assert hkdf(secret, purpose=purpose) == bytes.fromhex(key)[:32]


def test_each_purpose_has_a_key_of_its_own() -> None:
    """What leaks in one place opens nothing elsewhere."""
    keyring = Keyring.of(NEW)
    keys = {keyring.derive(purpose) for purpose in ("cursors", "links", "tokens", "")}
    assert len(keys) == 4
    assert all(len(key) == 32 and key != NEW.encode() for (key,) in keys)


def test_the_first_secret_signs_and_all_verify() -> None:
    """A secret is replaced by putting the new one before it."""
    ring = Keyring.of([NEW, OLD])
    assert ring.derive("links") == (*Keyring.of(NEW).derive("links"), *Keyring.of(OLD).derive("links"))


@pytest.mark.parametrize(
    "secret",
    [OLD, OLD.encode(), Secret(OLD), [OLD], (OLD.encode(),), [Secret(OLD)]],
    ids=lambda it: type(it).__name__,
)
def test_a_secret_may_be_text_bytes_or_a_secret_alone_or_in_a_list(secret: SecretInput) -> None:
    """They mean the same."""
    assert Keyring.of(secret) == Keyring.of(OLD)


def test_the_fingerprint_names_the_newest_secret() -> None:
    """It changes when the secret does, and is no part of any key."""
    fingerprint = Keyring.of([NEW, OLD]).fingerprint()
    assert fingerprint == Keyring.of(NEW).fingerprint() != Keyring.of(OLD).fingerprint()
    assert len(fingerprint) == 8
    assert fingerprint not in Keyring.of(NEW).derive("fingerprint")[0].hex()


@given(st.lists(st.binary(max_size=31), max_size=3))
def test_short_secrets_are_refused_wherever_they_stand(short: list[bytes]) -> None:
    """One strong secret does not make up for a weak one."""
    with pytest.raises(WeakSecretError):
        Keyring.of([*short, b""])
    with pytest.raises(WeakSecretError):
        Keyring.of([NEW, *short, b"short"])
