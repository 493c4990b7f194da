"""URLs of tables: what they may say, and what they never may."""

import pytest

from userkit.backends.dynamodb.addresses import Address
from userkit.backends.dynamodb.settings import DynamoDBSettings
from userkit.errors import InvalidURLError


def test_a_url_names_the_table_and_its_options() -> None:
    """In their types."""
    text = (
        "dynamodb://Accounts_1.x?region=eu-central-1&endpoint_url=http%3A%2F%2Flocalhost%3A8000&pool_size=40"
    )
    address = Address.read(text + "&keep_expired=-1&create=false&read_timeout=0.5&shards=32&attempts=3")
    settings = address.settings
    assert address.table == "Accounts_1.x"
    assert (settings.region, settings.endpoint_url) == ("eu-central-1", "http://localhost:8000")
    assert (settings.pool_size, settings.shards, settings.attempts) == (40, 32, 3)
    assert (settings.keep_expired, settings.create, settings.read_timeout) == (-1, False, 0.5)


def test_the_environment_and_settings_say_what_the_url_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """An option in the URL wins."""
    monkeypatch.setenv("USERKIT_DYNAMODB_REGION", "eu-west-1")
    monkeypatch.setenv("USERKIT_DYNAMODB_POOL_SIZE", "7")
    read = Address.read("dynamodb://accounts?region=eu-north-1").settings
    assert (read.region, read.pool_size) == ("eu-north-1", 7)
    given = DynamoDBSettings(shards=4, region="us-east-1")
    read = Address.read("dynamodb://accounts?region=eu-north-1", settings=given).settings
    assert (read.region, read.shards) == ("eu-north-1", 4)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dynamodb://hunter2:hunter2@accounts", "no credentials.*AWS_PROFILE.*from_client"),
        ("dynamodb://hunter2@accounts", "no credentials"),
        ("dynamodb://", "a table is named in 3 to 255"),
        ("dynamodb://ab", "a table is named"),
        ("dynamodb://a b c", "a table is named"),
        ("dynamodb://accounts/hunter2", "nothing follows"),
        ("dynamodb://accounts#hunter2", "nothing follows"),
        ("dynamodb+boto3://accounts", "another driver"),
        ("dynamodb://[hunter2", "cannot be read"),
        ("dynamodb://accounts?regoin=x", "not known here, 'regoin'. Did you mean region"),
        ("dynamodb://accounts?secret=hunter2", "not known here, 'secret'.*There are"),
        ("dynamodb://accounts?region=a&region=b", "more than once"),
        ("dynamodb://accounts?hunter2", "name=value"),
        ("dynamodb://accounts?pool_size=hunter2", "pool_size"),
        ("dynamodb://accounts?pool_size=0", "pool_size"),
        ("dynamodb://accounts?keep_expired=-2", "keep_expired"),
        ("dynamodb://accounts?endpoint_url=ftp://hunter2", "endpoint_url"),
        ("dynamodb://accounts?endpoint_url=http://ada:hunter2@host", "endpoint_url"),
        ("dynamodb://accounts?region=", "region"),
    ],
)
def test_what_is_not_understood_is_refused_and_not_repeated(text: str, words: str) -> None:
    """A password may stand in any wrong place."""
    with pytest.raises(InvalidURLError, match=words) as refused:
        Address.read(text)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
