"""Tokens of our own, of which a file keeps the hashes."""
