"""The suite about names on a server of MongoDB's protocol."""

from tests.contracts.test_store_names import *  # noqa: F403 - the tests are what is wanted.
