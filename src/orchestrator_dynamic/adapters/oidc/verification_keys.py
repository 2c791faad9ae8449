"""The issuer's public keys as its JWKS lists them, each with what it may verify."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jwt

# What only the holder of a private key can sign. `none` needs no key at all, and HS256 would take
# the public key, which everybody has, for a shared secret.
ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip

_RSA = tuple(name for name in ALGORITHMS if name[:2] in ("RS", "PS"))
_OF_CURVE = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """One public key. `kid` is None where the issuer gives it no name."""

    kid: str | None
    algorithms: tuple[str, ...]
    key: jwt.PyJWK


def keys_in(document: Mapping[str, Any]) -> tuple[VerificationKey, ...]:
    """Return the keys of a JWKS that can verify signatures; what else is in it is left out.

    An issuer may list keys that we do not know yet, or that are for encryption.
    """
    listed = document.get("keys")
    return tuple(_usable(listed)) if isinstance(listed, list) else ()


def key_for(
    keys: Iterable[VerificationKey], kid: str | None, algorithm: str
) -> VerificationKey | None:
    """Return the key of this name that may verify this algorithm.

    A token without `kid` is verified by the one key that there is; of several, none is guessed.
    """
    fitting = [
        one for one in keys if algorithm in one.algorithms and (kid is None or one.kid == kid)
    ]
    return fitting[0] if len(fitting) == 1 or (fitting and kid is not None) else None


def _usable(listed: Iterable[Any]) -> Iterator[VerificationKey]:
    for entry in listed:
        if not isinstance(entry, dict):
            continue
        algorithms, kid = _algorithms_of(entry), entry.get("kid")
        if not algorithms or not isinstance(kid, str | None):
            continue
        try:
            yield VerificationKey(kid, algorithms, jwt.PyJWK.from_dict(entry, algorithms[0]))
        except (jwt.PyJWTError, TypeError, ValueError, OverflowError):
            continue


def _algorithms_of(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """What a key may verify: the algorithm that it is listed for, or those of its kind."""
    for_signing = entry.get("use", "sig") == "sig"
    operations = entry.get("key_ops", ["verify"])
    if not for_signing or not isinstance(operations, list) or "verify" not in operations:
        return ()
    # A private key in public is nobody's any more.
    if "d" in entry:
        return ()
    match entry.get("kty"), entry.get("crv"):
        case "RSA", _:
            possible = _RSA
        case "EC" | "OKP", str(curve) if curve in _OF_CURVE:
            possible = (_OF_CURVE[curve],)
        case _:
            return ()
    named = entry.get("alg")
    return possible if named is None else tuple(one for one in possible if one == named)
