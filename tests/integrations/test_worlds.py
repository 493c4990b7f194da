"""The worlds that the tests of integrations take place in."""

from tests.integrations.worlds import EMAIL, PASSWORD, World


def test_a_world_answers_and_can_be_looked_into(world: World) -> None:
    """What is done over HTTP is seen by the kit of the test, and the other way round."""
    body = {"email": EMAIL, "name": "Ada Lovelace", "password": PASSWORD}
    created = world.ask("POST", "/users", json=body)
    assert created.status_code == 201
    assert world.kit.users.get(created.json()["id"]).email == EMAIL
    assert [letter.to for letter in world.letters()] == [EMAIL]
    me = world.ask("GET", "/users/me", token=world.sign_in())
    assert me.json()["name"] == "Ada Lovelace"
    assert world.ask("GET", "/protected", token=world.sign_in()).json() == {"user_id": created.json()["id"]}
