"""Guardrails, as MiniStack applies them to what is asked and to what is answered."""

import pytest

from tests.models.sides import Side, ask, listen, refused
from tests.servers.brain import Brain, MinistackBedrockServer
from userkit.errors import GuardrailError
from userkit.ports.language_model import LanguageModel, Message


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("named", ["id", "version", "arn"])
def test_a_guardrail_holds_back_what_is_asked(
    ministack_bedrock: MinistackBedrockServer, brain: Brain, side: Side, streamed: bool, named: str
) -> None:
    """The brain never hears of it; anything else passes."""
    guardrail = ministack_bedrock.create_guardrail("Zaphod-of-the-prompt")
    arn = f"arn:aws:bedrock:eu-central-1:000000000000:guardrail/{guardrail}"
    options = {
        "id": {"guardrail": guardrail},
        "version": {"guardrail": guardrail, "guardrail_version": "DRAFT"},
        "arn": {"guardrail": arn},
    }[named]

    async def scenario(model: LanguageModel) -> None:
        await refused(listen(model) if streamed else ask(model), GuardrailError)
        assert brain.asked == []
        assert (await model.complete([Message(text="Who is Ford?")])).text == "Yes."

    side.run(ministack_bedrock.url(**options), scenario)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_guardrail_holds_back_what_is_answered(
    ministack_bedrock: MinistackBedrockServer, brain: Brain, side: Side, streamed: bool
) -> None:
    """What was thought of does not reach the caller."""
    guardrail = ministack_bedrock.create_guardrail("Trillian-of-the-reply", asked=False)
    brain.script = ["No, Trillian-of-the-reply says so."]

    async def scenario(model: LanguageModel) -> None:
        await refused(listen(model) if streamed else ask(model), GuardrailError)
        assert len(brain.asked) == 1

    side.run(ministack_bedrock.url(guardrail=guardrail), scenario)
