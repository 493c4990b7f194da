"""The DynamoDB store on dynoxide, in threads as well, on MiniStack, and on AWS's own DynamoDB Local."""

from functools import partial

import pytest

from tests.servers.dynamodb import DynamoDBLocalServer, DynoxideServer, MinistackServer
from tests.stores.dynamodb.opening import open_in_threads, open_store
from userkit.testing import StoreConformance
from userkit.testing.bench import OpenStore
from userkit.testing.standard import deviation

_SMALL = deviation("This emulator takes 10 items in a transaction; the test commits more.")


@pytest.fixture(scope="class")
def on_dynoxide(dynoxide: DynoxideServer) -> str:
    return dynoxide.url(database=dynoxide.create_database(), keep_expired=-1, shards=2)


@pytest.fixture(scope="class")
def on_ministack(ministack: MinistackServer) -> str:
    return ministack.url(database=ministack.create_database(), keep_expired=-1, shards=2)


@pytest.fixture(scope="class")
def on_dynamodb_local(dynamodb_local: DynamoDBLocalServer) -> str:
    name = dynamodb_local.create_database()
    return dynamodb_local.url(database=name, keep_expired=-1, shards=2, transaction_items=10)


class TestDynoxide(StoreConformance):
    """DynamoDB, dynoxide."""

    @pytest.fixture
    def open_store(self, on_dynoxide: str) -> OpenStore:
        return partial(open_store, on_dynoxide)


class TestDynoxideInThreads(TestDynoxide):
    """DynamoDB, dynoxide, in threads."""

    machine_examples = 10

    @pytest.fixture
    def open_store(self, on_dynoxide: str) -> OpenStore:
        return partial(open_in_threads, on_dynoxide)


class TestMinistack(StoreConformance):
    """DynamoDB, MiniStack."""

    @pytest.fixture
    def open_store(self, on_ministack: str) -> OpenStore:
        return partial(open_store, on_ministack)


class TestDynamoDBLocal(StoreConformance):
    """DynamoDB, AWS's own DynamoDB Local of 2020."""

    machine_examples = 8

    @pytest.fixture
    def open_store(self, on_dynamodb_local: str) -> OpenStore:
        return partial(open_store, on_dynamodb_local)

    test_race_to_save_a_unique_value = _SMALL
    test_realms_are_in_the_order_of_their_names = _SMALL
    test_a_taken_value_stops_the_load_at_its_batch = _SMALL
    test_a_value_given_twice_stops_the_load_at_its_batch = _SMALL
    test_no_more_is_drawn_than_is_needed = _SMALL
    test_no_more_than_the_limit_goes_at_once = _SMALL
    test_everything_of_a_kind_is_counted = _SMALL
    test_no_character_has_a_meaning = _SMALL
    test_results_come_in_pages_in_the_order_of_ids = _SMALL
    test_values_come_back_as_they_were_added = _SMALL
    test_values_come_back_as_they_were_saved = _SMALL
    test_a_commit_with_a_failing_last_change_leaves_no_trace = _SMALL
    test_a_commit_with_a_failing_first_change_does_nothing = _SMALL
    test_a_failed_commit_leaves_the_store_usable = _SMALL
    test_a_value_can_pass_from_hand_to_hand_in_one_commit = _SMALL
    test_lists_are_in_the_order_of_ids = _SMALL
    test_ids_of_any_version_are_in_the_order_of_their_text = _SMALL
    test_lists_by_value_are_in_the_order_of_ids = _SMALL
    test_pages_hold_everything_once = _SMALL
    test_the_last_page_knows_that_it_is_the_last = _SMALL
    test_removals_do_not_disturb_a_reader = _SMALL
    test_the_limits_themselves_are_allowed = _SMALL
    test_values_that_look_alike_are_different = _SMALL
    test_a_commit_holds_as_many_changes_as_promised = _SMALL
