"""Processes that carry out workflows and activities."""
