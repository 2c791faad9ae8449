"""How the service is reached by HTTP, and what it takes from outside."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from orchestrator_dynamic.config.section import Section
from orchestrator_dynamic.config.setting_types import Count, Host


class HttpSettings(Section):
    """The HTTP server of `orq serve`."""

    model_config = SettingsConfigDict(env_prefix="HTTP_")

    host: Host = Field(
        "127.0.0.1",
        description="Address to listen on; another than this machine's own needs identity.",
    )
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    body_max_bytes: int = Field(
        67_108_864,
        ge=1_024,
        le=1_073_741_824,
        description="The largest request body (64 MiB), as large as the largest plan.",
    )
    body_timeout_s: int = Field(
        30,
        ge=1,
        le=600,
        description="How long the head of a request may take to arrive, and its body; slow senders "
        "hold memory.",
    )
    streams_max: Count = Field(
        2_000, description="Event streams that may be open at a time; some 40 KB each."
    )
    lease_grace_s: int = Field(
        60,
        ge=5,
        le=3_600,
        description="After a start, what workers had on lease before stays theirs for so long; "
        "whoever lives says so within it.",
    )
