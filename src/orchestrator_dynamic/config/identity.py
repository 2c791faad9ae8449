"""How the service knows who asks. Nothing set: whoever reaches this machine's own address."""

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_settings import SettingsConfigDict

from orchestrator_dynamic.config.section import Conflict, Section
from orchestrator_dynamic.config.setting_types import Allowed, FilePath
from orchestrator_dynamic.ports.loopback import is_loopback


def _guarded(address: str) -> str:
    """Whoever can change what comes from there can be anybody, so that it must be encrypted."""
    parts = urlsplit(address)
    if parts.scheme == "https" or is_loopback(parts.hostname or ""):
        return address
    raise ValueError("not encrypted")


IssuerAddress = Annotated[
    str,
    Field(pattern=r"^https?://[^\s/@?#]+(/[^\s?#]*)?$", max_length=2_048),
    AfterValidator(_guarded),
    Allowed(
        "an https address without login, query and fragment (http only for this machine's own)"
    ),
]
KeysAddress = Annotated[
    str,
    Field(pattern=r"^https?://[^\s/@?#]+(/[^\s?#]*)?(\?[^\s#]*)?$", max_length=2_048),
    AfterValidator(_guarded),
    Allowed("an https address without login and fragment (http only for this machine's own)"),
]
Audience = Annotated[
    str,
    Field(pattern=r"^\S{1,255}$"),
    Allowed("1 to 255 characters without spaces"),
]
ClaimName = Annotated[
    str,
    Field(pattern=r"^[!-~]{1,128}$"),
    Allowed("the name of a claim, or a path to it with dots: 1 to 128 characters without spaces"),
]


class IdentitySettings(Section):
    """Who is let in, by tokens of our own, by those of an OIDC issuer, or by both."""

    model_config = SettingsConfigDict(env_prefix="AUTH_")

    tokens_file: FilePath | None = Field(
        None,
        description="File of hashed tokens, made by `orq token`. Not set: there are none.",
    )
    oidc_issuer: IssuerAddress | None = Field(
        None,
        description="OIDC issuer whose tokens are accepted, exactly as it calls itself in `iss`. "
        "Not set: none is.",
    )
    oidc_audience: Audience | None = Field(
        None,
        description="What the issuer calls us in `aud`; tokens for others are refused.",
    )
    oidc_jwks_url: KeysAddress | None = Field(
        None,
        description="Where the issuer's keys are. Not set: where its discovery document says.",
    )
    oidc_scope_claim: ClaimName = Field(
        "scope",
        description="Claim that names the scopes, as text or as a list; as `scope` it may also be "
        "called `scp`, as some issuers do.",
    )
    clock_skew_s: int = Field(
        30,
        ge=0,
        le=120,
        description="How far the issuer's clock may be from ours; half a minute is already much.",
    )
    submitter_may_approve: bool = Field(
        False,
        description="Let a subject approve what it has submitted; off, so that it takes two.",
    )

    def conflicts(self) -> Iterator[Conflict]:
        """Return what is missing beside the issuer, and what has no effect without it."""
        issuer, audience = "AUTH_OIDC_ISSUER", "AUTH_OIDC_AUDIENCE"
        if self.oidc_issuer is not None and self.oidc_audience is None:
            message = f"{issuer} needs {audience}, or tokens for others would be accepted"
            yield Conflict((issuer, audience), message)
        if self.oidc_issuer is not None:
            return
        for name, key, field in self.named_fields():
            if (key.startswith("oidc_") or key == "clock_skew_s") and (
                getattr(self, key) != field.default
            ):
                yield Conflict((name, issuer), f"{name} has no effect without {issuer}")
