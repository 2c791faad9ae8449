"""Orchestrator Dynamic: brings consolidated decisions to an outcome, durably."""
