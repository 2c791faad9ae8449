"""The reading port's suites on a server of MongoDB's protocol."""

from tests.contracts.test_store import *  # noqa: F403 - the tests themselves are what is wanted.
from tests.contracts.test_store_filters import *  # noqa: F403
from tests.contracts.test_store_looking import *  # noqa: F403
from tests.contracts.test_store_tickets import *  # noqa: F403
