"""URLs of models: what they may say, and what they never may."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userkit.backends.bedrock.addresses import Address
from userkit.backends.bedrock.families import base_model, provider
from userkit.backends.bedrock.settings import BedrockSettings, Forcing
from userkit.errors import InvalidURLError

PROFILE = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0"
OWN = "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:application-inference-profile/a1b2c3"


@pytest.mark.parametrize(
    ("model_id", "region", "base", "whose"),
    [
        (
            "anthropic.claude-3-haiku-20240307-v1:0",
            None,
            "anthropic.claude-3-haiku-20240307-v1:0",
            "anthropic",
        ),
        (
            "us.anthropic.claude-3-haiku-20240307-v1:0",
            None,
            "anthropic.claude-3-haiku-20240307-v1:0",
            "anthropic",
        ),
        ("global.amazon.nova-2-lite-v1:0", None, "amazon.nova-2-lite-v1:0", "amazon"),
        ("us-gov.meta.llama3-1-8b-instruct-v1:0", None, "meta.llama3-1-8b-instruct-v1:0", "meta"),
        (PROFILE, "us-east-1", "amazon.nova-lite-v1:0", "amazon"),
        (
            "arn:aws:bedrock:eu-west-1::foundation-model/cohere.embed-v4:0",
            "eu-west-1",
            "cohere.embed-v4:0",
            "cohere",
        ),
        (OWN, "us-gov-west-1", "a1b2c3", ""),
        ("zai.glm-4.7", None, "zai.glm-4.7", "zai"),
    ],
)
def test_a_model_is_named_by_id_profile_or_arn(
    model_id: str, region: str | None, base: str, whose: str
) -> None:
    """Colons and slashes and all; an ARN also says the region."""
    for text in (model_id, quote(model_id, safe="")):
        address = Address.read(f"bedrock://{text}")
        assert address.model_id == model_id
        assert address.settings.region == region
    assert (base_model(model_id), provider(model_id)) == (base, whose)
    assert Address.read(f"bedrock://{model_id}?region=eu-north-1").settings.region == "eu-north-1"


def test_a_url_names_options() -> None:
    """In their types."""
    text = (
        "BEDROCK://amazon.nova-lite-v1:0?region=eu-central-1&endpoint_url=http%3A%2F%2Flocalhost%3A8000"
        "&profile=dev&guardrail=abc123:4&connect_timeout=0.5&read_timeout=9&attempts=2&concurrency=3"
        "&longest_reply=5000&embedding_model=amazon.titan-embed-text-v2:0&output_dimensions=256&tool_choice=any"
    )
    assert Address.read(text).settings == BedrockSettings(
        region="eu-central-1",
        endpoint_url="http://localhost:8000",
        profile="dev",
        guardrail="abc123:4",
        connect_timeout=0.5,
        read_timeout=9,
        attempts=2,
        concurrency=3,
        longest_reply=5000,
        embedding_model="amazon.titan-embed-text-v2:0",
        output_dimensions=256,
        tool_choice=Forcing.ANY,
    )


def test_the_environment_and_settings_say_what_the_url_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """An option in the URL wins, and any of them over the region of an ARN."""
    monkeypatch.setenv("USERKIT_BEDROCK_REGION", "eu-west-1")
    monkeypatch.setenv("USERKIT_BEDROCK_CONCURRENCY", "7")
    read = Address.read("bedrock://amazon.nova-lite-v1:0?region=eu-north-1").settings
    assert (read.region, read.concurrency) == ("eu-north-1", 7)
    assert Address.read(f"bedrock://{PROFILE}").settings.region == "eu-west-1"
    settings = BedrockSettings(attempts=4, region="us-west-2")
    read = Address.read("bedrock://amazon.nova-lite-v1:0?attempts=5", settings=settings).settings
    assert (read.region, read.attempts) == ("us-west-2", 5)


@given(
    st.from_regex(r"[a-z][a-z0-9-]{0,20}\.[a-z0-9-]{1,30}(:[0-9])?", fullmatch=True),
    st.floats(min_value=0.001, max_value=3600),
    st.integers(min_value=1, max_value=20),
)
def test_what_is_written_is_read(model_id: str, timeout: float, attempts: int) -> None:
    """Percent-encoded or not."""
    for text in (model_id, quote(model_id, safe="")):
        address = Address.read(f"bedrock://{text}?read_timeout={timeout!r}&attempts={attempts}")
        assert address.model_id == model_id
        assert (address.settings.read_timeout, address.settings.attempts) == (timeout, attempts)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("bedrock://key:hunter2@amazon.nova-lite-v1:0", "no credentials.*AWS_PROFILE.*from_client"),
        ("bedrock://hunter2@amazon.nova-lite-v1:0", "no credentials"),
        ("bedrock://", "named by its id"),
        ("bedrock://a b hunter2", "named by its id"),
        ("bedrock://amazon.nova/hunter2", "named by its id"),
        ("bedrock://arn:aws:s3:::hunter2", "named by its id"),
        ("bedrock://amazon.nova-lite-v1:0#hunter2", "named by its id"),
        ("bedrock+boto3://amazon.nova-lite-v1:0", "another provider"),
        ("bedrock:hunter2", "another provider"),
        ("bedrock://m?regoin=x", "not known here, 'regoin'. Did you mean region"),
        ("bedrock://m?secret=hunter2", "not known here, 'secret'.*There are"),
        ("bedrock://m?region=a&region=b", "more than once"),
        ("bedrock://m?hunter2", "name=value"),
        ("bedrock://m?attempts=hunter2", "attempts"),
        ("bedrock://m?attempts=0", "attempts"),
        ("bedrock://m?read_timeout=0", "read_timeout"),
        ("bedrock://m?read_timeout=nan", "read_timeout"),
        ("bedrock://m?endpoint_url=ftp://hunter2", "endpoint_url"),
        ("bedrock://m?endpoint_url=http://ada:hunter2@host", "endpoint_url"),
        ("bedrock://m?guardrail=hunter2!", "guardrail"),
        ("bedrock://m?guardrail=abc:0", "guardrail"),
        ("bedrock://m?guardrail=abc&guardrail_version=hunter2", "guardrail_version"),
        ("bedrock://m?tool_choice=hunter2", "tool_choice"),
        ("bedrock://m?region=", "region"),
    ],
)
def test_what_is_not_understood_is_refused_and_not_repeated(text: str, words: str) -> None:
    """A password may stand in any wrong place."""
    with pytest.raises(InvalidURLError, match=words) as refused:
        Address.read(text)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
