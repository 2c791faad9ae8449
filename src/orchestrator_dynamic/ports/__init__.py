"""What drivers need of the world, in domain words; each docstring is the contract."""
