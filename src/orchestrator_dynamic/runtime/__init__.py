"""The embedded driver: one process that journals facts, applies them and acts."""
