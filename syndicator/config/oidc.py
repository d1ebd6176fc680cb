"""What signs people in at the desk in our place: [desk.oidc], an OpenID Connect provider."""

from enum import StrEnum
from importlib.util import find_spec
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from syndicator.config.endpoints import Credential, is_loopback
from syndicator.config.section import Section
from syndicator.config.values import Line, public_base

WELL_KNOWN = "/.well-known/openid-configuration"
MISSING = "[desk.oidc] wants Authlib, which is not installed: pip install 'syndicator[oidc]'"


class Claim(StrEnum):
    """By which of the provider's statements about somebody the desk knows them."""

    EMAIL = "email"
    USERNAME = "preferred_username"
    SUBJECT = "sub"


def issuer(value: str) -> str:
    """A provider's name, which is an address; as it is written, for it is compared by the letter."""
    value = value.strip()
    if value.rstrip("/").endswith(WELL_KNOWN):
        raise ValueError(f"is the address of a document: write the part in front of {WELL_KNOWN}")
    base = urlsplit(public_base(value))
    if base.scheme != "https" and not is_loopback(base.hostname or ""):
        raise ValueError("is not https: on the way, anybody could say who signs in")
    return value


class Oidc(Section):
    """[desk.oidc]: the provider, who we are to it, and what its button says."""

    secrets: ClassVar[frozenset[str]] = frozenset({"client_secret"})

    issuer: Annotated[str, AfterValidator(issuer)]
    client_id: Credential
    client_secret: Credential
    name: Line = Field(default="Single sign-on", max_length=60)
    claim: Claim = Claim.EMAIL


def is_installed() -> bool:
    """Whether what [desk.oidc] wants is here; an extra, since few need it."""
    return all(find_spec(name) is not None for name in ("authlib", "joserfc"))
