"""Screening in an asynchronous and in a synchronous kit, over stores in memory and on disk."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.features.screening.world import REFUSE, REVIEW, by_name
from tests.features.surface import SECRET
from userkit import SyncUserKit, UserKit
from userkit.errors import ScreeningRefusedError, StaleError
from userkit.features.screening import Review, ReviewOpened, ReviewState, screening
from userkit.kernel.events import Event
from userkit.ports.language_model import Message
from userkit.testing import FrozenClock, InstantHasher, ScriptedModel

SCRIPT = (by_name(bad=REFUSE, odd=REVIEW),)


class WaitingModel(ScriptedModel):
    """A model that waits for an event loop, as one over a network does."""

    async def complete(self, messages: Sequence[Message], **how: Any) -> Any:
        """See LanguageModel.complete."""
        await asyncio.sleep(0)
        return await super().complete(messages, **how)


@pytest.fixture(params=["memory", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where users are kept."""
    return "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'users.db'}"


def options(feature: Any, model: ScriptedModel) -> dict[str, Any]:
    """Return the arguments of a kit."""
    return {
        "secret": SECRET,
        "clock": FrozenClock(),
        "hasher": InstantHasher(),
        "relay": False,
        "features": [feature],
        "language_model": model,
    }


def check(reviews: Sequence[Review], told: Sequence[Event], accepted: Review) -> None:
    """Compare what has come of it."""
    assert [each.name for each in reviews] == ["Odd Name", "Odd Ada"]
    assert [each.reasons for each in reviews] == [("abusive",)] * 2
    assert [type(each) for each in told] == [ReviewOpened] * 2
    assert accepted.state is ReviewState.ACCEPTED


def test_it_works_in_the_asynchronous_kit(url: str) -> None:
    """With a model that waits."""

    async def story() -> None:
        feature, model, told = screening(attributes=["bio"]), WaitingModel(SCRIPT), list[Event]()
        model.blocking = False
        async with UserKit(url, **options(feature, model)) as kit:
            kit.listen(ReviewOpened, told.append)
            ada = await kit.users.register(email="ada@example.com", name="Ada", attributes={"bio": "I."})
            with pytest.raises(ScreeningRefusedError):
                await kit.users.register(email="bad@example.com", name="Bad Name")
            await kit.users.register(email="odd@example.com", name="Odd Name")
            await kit.users.update(ada.id, name="Odd Ada")
            offered = kit[feature]
            reviews = (await offered.list()).items
            accepted = await offered.accept(reviews[0].id)
            check(reviews, told, accepted)
            await offered.refuse(reviews[1].id)
            with pytest.raises(StaleError):
                await offered.accept(reviews[1].id)
            assert (await kit.users.get(ada.id)).name == "Ada"
            assert (await offered.index_names()).added == 0
            assert await offered.get(accepted.id) == accepted
            await kit.users.delete(ada.id)
            assert len((await offered.list(None)).items) == 1
            assert await offered.purge() == 0

    asyncio.run(story())


def test_it_works_in_the_synchronous_kit(url: str) -> None:
    """Without an event loop."""
    feature, model, told = screening(attributes=["bio"]), ScriptedModel(SCRIPT), list[Event]()
    with SyncUserKit(url, **options(feature, model)) as kit:
        kit.listen(ReviewOpened, told.append)
        ada = kit.users.register(email="ada@example.com", name="Ada", attributes={"bio": "I."})
        with pytest.raises(ScreeningRefusedError):
            kit.users.register(email="bad@example.com", name="Bad Name")
        kit.users.register(email="odd@example.com", name="Odd Name")
        kit.users.update(ada.id, name="Odd Ada")
        offered = kit[feature]
        reviews = offered.list().items
        accepted = offered.accept(reviews[0].id)
        check(reviews, told, accepted)
        offered.refuse(reviews[1].id)
        with pytest.raises(StaleError):
            offered.accept(reviews[1].id)
        assert kit.users.get(ada.id).name == "Ada"
        assert offered.index_names().added == 0
        assert offered.get(accepted.id) == accepted
        kit.users.delete(ada.id)
        assert len(offered.list(None).items) == 1
        assert offered.purge() == 0


def test_what_is_stored_is_read_by_the_next_process(tmp_path: Path) -> None:
    """Names, answers and reviews."""
    url = f"sqlite:///{tmp_path / 'users.db'}"
    feature, model = screening(), ScriptedModel((REVIEW,))
    for number in range(2):
        with SyncUserKit(url, **options(feature, model)) as kit:
            kit.users.register(email=f"odd{number}@example.com", name="Odd Name")
    with SyncUserKit(url, **options(feature, model)) as kit:
        kit.users.register(email="posing@example.com", name="\N{CYRILLIC CAPITAL LETTER O}dd Narne")
        reasons = sorted(each.reasons for each in kit[feature].list().items)
    assert len(model.asked) == 2
    assert reasons[:2] == [("abusive",)] * 2
    assert "impersonates_user" in reasons[2]
