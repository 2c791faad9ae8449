"""What the Temporal driver does to the world: load a plan, take its turn, keep what follows."""
