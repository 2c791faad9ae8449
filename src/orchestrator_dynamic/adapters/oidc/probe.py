"""Whether an issuer's tokens can be verified, for `doctor`."""

from dataclasses import replace

from orchestrator_dynamic.adapters.oidc.issuer import (
    Issuer,
    IssuerMisconfigured,
    IssuerOptions,
    IssuerUnavailable,
)
from orchestrator_dynamic.ports.probing import Check, ok, problem, warning

_NAME = "oidc issuer"

# Of each of two questions; a person waits for the answer.
_DEADLINE_S = 3.0


async def probe(options: IssuerOptions) -> list[Check]:
    """Return what there is to say about the issuer; nothing starts with one that is misconfigured.

    One that is away is asked again with the first token, and its keys are remembered for a while:
    source, decision 0020.
    """
    try:
        async with Issuer(replace(options, timeout_s=_DEADLINE_S)) as issuer:
            keys = await issuer.keys()
    except IssuerUnavailable as error:
        remedy = "bring it back: its tokens are good only as long as its keys are remembered"
        return [warning(_NAME, str(error), remedy)]
    except IssuerMisconfigured as error:
        remedy = "correct AUTH_OIDC_ISSUER or AUTH_OIDC_JWKS_URL, or what answers there"
        return [problem(_NAME, str(error), remedy)]
    return [ok(_NAME, f"{options.issuer} answers; keys that can verify a signature: {len(keys)}")]
