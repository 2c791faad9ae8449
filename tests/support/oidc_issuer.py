"""A real OIDC issuer on loopback: discovery, keys, and tokens that it signs.

`with OidcIssuer() as issuer:` starts one; `issuer.settings` is what a service sets that accepts its
tokens, and `issuer.token("ada", ["read"])` is such a token.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys"
AUDIENCE = "orchestrator"

# No test keeps the issuer waiting for longer.
_HELD_S = 30.0

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class SigningKey:
    """A key pair of an issuer. `kid` is None where it has no name."""

    private: PrivateKey
    algorithm: str
    kid: str | None

    @property
    def jwk(self) -> dict[str, Any]:
        """Its public half, as a JWKS lists it."""
        public = get_default_algorithms()[self.algorithm].to_jwk(
            self.private.public_key(), as_dict=True
        )
        named = {} if self.kid is None else {"kid": self.kid}
        return {**public, "use": "sig", "alg": self.algorithm, **named}


def new_key(algorithm: str = "ES256", kid: str | None = "first") -> SigningKey:
    """Return a key pair for one of RS*, PS*, ES256, ES384 and EdDSA."""
    private: PrivateKey
    match algorithm:
        case "EdDSA":
            private = ed25519.Ed25519PrivateKey.generate()
        case "ES256":
            private = ec.generate_private_key(ec.SECP256R1())
        case "ES384":
            private = ec.generate_private_key(ec.SECP384R1())
        case _:
            private = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    return SigningKey(private, algorithm, kid)


class OidcIssuer:
    """An issuer that listens while the context is open.

    Attributes:
        url: the issuer's name, which is also where it is.
        keys: what it lists; the last one signs, unless a token is asked for with another.
        answers: what it says instead at a path: a status and a body.
        asked: how often each path was asked for.
        free: cleared, it holds its answers back.
    """

    def __init__(self, *keys: SigningKey) -> None:
        self.keys = list(keys or [new_key()])
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: Counter[str] = Counter()
        self.free = threading.Event()
        self.free.set()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def settings(self) -> dict[str, str]:
        """What to set for a service that accepts its tokens."""
        return {"AUTH_OIDC_ISSUER": self.url, "AUTH_OIDC_AUDIENCE": AUDIENCE}

    def token(
        self,
        subject: str = "ada",
        scopes: Iterable[str] = (),
        *,
        audience: str | list[str] = AUDIENCE,
        issuer: str | None = None,
        expires_in_s: float = 300,
        key: SigningKey | None = None,
        claims: Mapping[str, object] | None = None,
    ) -> str:
        """Return a token.

        Args:
            issuer: itself, unless another is named.
            expires_in_s: below zero, it has expired already.
            key: need not be listed.
            claims: further ones, or others in their place; None as a value leaves one out.
        """
        now, signing = time.time(), key or self.keys[-1]
        said: dict[str, object] = {
            "iss": issuer or self.url,
            "aud": audience,
            "sub": subject,
            "scope": " ".join(scopes),
            "iat": int(now + min(expires_in_s, 0)),
            "exp": int(now + expires_in_s),
            **(claims or {}),
        }
        return jwt.encode(
            {name: value for name, value in said.items() if value is not None},
            signing.private,
            signing.algorithm,
            headers=None if signing.kid is None else {"kid": signing.kid},
        )

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), _answering(self))
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Be away: connections are refused until it is started again."""
        self.free.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        """Listen."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Listen no more."""
        self.stop()

    def answer(self, path: str) -> tuple[int, bytes]:
        """Return status and body for a path."""
        if path in self.answers:
            return self.answers[path]
        if path == DISCOVERY:
            said = {"issuer": self.url, "jwks_uri": f"{self.url}{KEYS}"}
            return 200, json.dumps(said).encode()
        if path == KEYS:
            return 200, json.dumps({"keys": [key.jwk for key in self.keys]}).encode()
        return 404, b"{}"


def _answering(issuer: OidcIssuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked[self.path] += 1
            issuer.free.wait(_HELD_S)
            status, body = issuer.answer(self.path)
            with suppress(ConnectionError):  # Whoever asked has not waited.
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing: the tests do."""

    return Handler
