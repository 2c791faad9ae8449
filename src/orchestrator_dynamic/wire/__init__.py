"""Bytes to models and back. Nobody else knows the name of a field on the wire."""
