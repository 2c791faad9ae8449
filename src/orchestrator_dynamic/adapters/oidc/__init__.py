"""Tokens of an OIDC issuer, checked with its public keys."""
