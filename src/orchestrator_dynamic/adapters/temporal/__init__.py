"""The client of a Temporal server."""
