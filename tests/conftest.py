"""How Hypothesis works here: without a stopwatch, and with a recipe for every failure."""

import os

from hypothesis import HealthCheck, settings

# The machines that run this are shared, so that time says nothing about a test.
settings.register_profile(
    "local", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)

# A build must not fail for luck: it tries the same examples until the tests change.
settings.register_profile("build", parent=settings.get_profile("local"), derandomize=True)

settings.load_profile("build" if os.environ.get("CI") else "local")
