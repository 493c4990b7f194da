"""Many at once: one is served, and the others are told what they may be told."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from userkit.testing.bench import PATIENCE
from userkit.testing.http.answers import Answer
from userkit.testing.http.stage import Application
from userkit.testing.standard import Standard

__all__ = ["Rushes"]


def _at_once(asks: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Let each of them ask in a thread of its own, all from one start."""
    gate, answers = threading.Barrier(len(asks)), dict[int, Answer]()

    def run(place: int) -> None:
        gate.wait(PATIENCE)
        answers[place] = asks[place]()

    threads = [threading.Thread(target=run, args=(place,), daemon=True) for place in range(len(asks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(answers) == len(asks), "some were never answered"
    return [answers[place] for place in range(len(asks))]


class Rushes(Standard):
    """What holds when requests meet."""

    def test_x1_one_of_many_gets_an_address(self, application: Application) -> None:
        """32 ask for it, in two spellings; 31 are told that it is taken."""
        email = f"{uuid.uuid4().hex}@example.com"
        bodies = [{"email": each, "name": "Ada"} for each in (email, email.upper())] * 16
        answers = _at_once([partial(application.ask, "POST", "/users", json=body) for body in bodies])
        assert Counter(answer.status for answer in answers) == {201: 1, 409: 31}
        assert len(application.kit.users.search(email).items) == 1

    def test_x3_one_of_many_gets_a_successor(self, application: Application) -> None:
        """16 show the same refresh token; the session survives, with one token that is good."""
        person = application.person()
        body = {"refresh_token": application.kit.sessions.sign_in(**person.login).refresh_token}
        answers = _at_once([partial(application.ask, "POST", "/auth/refresh", json=body)] * 16)
        assert Counter(answer.status for answer in answers) == {200: 1, 401: 15}
        good = next(answer.json() for answer in answers if answer.status == 200)
        again = application.ask("POST", "/auth/refresh", json={"refresh_token": good["refresh_token"]})
        assert again.status == 200

    def test_everybody_gets_an_answer_of_their_own(self, application: Application) -> None:
        """Nothing of one request is seen by another at the same time."""
        people = [application.person() for _ in range(16)]
        tokens = [application.token(person) for person in people]
        paths = ["/protected", "/users/me"]
        asks = [(path, token) for path in paths for token in tokens]
        answers = _at_once([partial(application.ask, "GET", path, token=token) for path, token in asks])
        assert [answer.status for answer in answers] == [200] * 32
        seen = [answer.json().get("user_id") or answer.json().get("id") for answer in answers]
        assert seen == [person.id for person in people] * 2

    def test_a_change_is_lost_to_nobody(self, application: Application) -> None:
        """16 change one revision; one succeeds and the others are told that it is gone."""
        person = application.person()
        token = application.token(person)
        etag = str(application.ask("GET", "/users/me", token=token).header("etag"))

        def change(name: str) -> Answer:
            headers = [("if-match", etag)]
            return application.ask("PATCH", "/users/me", token=token, json={"name": name}, headers=headers)

        names = [f"Name {chr(65 + number)}" for number in range(16)]
        answers = _at_once([partial(change, name) for name in names])
        assert Counter(answer.status for answer in answers) == {200: 1, 412: 15}
        won = next(answer.json()["name"] for answer in answers if answer.status == 200)
        assert application.kit.users.get(person.id).name == won
