"""What happens where a server's programs are not installed: a skip for people, a failure in CI."""

import os
from typing import NoReturn

import pytest


def missing(what: str, *, install: str) -> NoReturn:
    """Skip the test and name what is missing and the command that brings it. Fail when `CI` is `true`."""
    message = f"{what} is missing; to run these tests: {install}"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
