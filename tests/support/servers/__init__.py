"""Real servers for tests, each on ports and in a folder of its own, which can be killed and frozen."""
