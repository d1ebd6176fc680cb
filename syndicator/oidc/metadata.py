"""What a provider says of itself (OpenID Connect Discovery 1.0 §3, §4.3), as far as we use it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from syndicator.config import web_address
from syndicator.errors import SignOnError


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where a provider's doors are, and how it wants to be spoken to.

    `userinfo` is "" where it has none. `posts_secret`: our secret goes into the body, not into a header.
    `names_itself`: its answers carry `iss` (RFC 9207).
    """

    authorization: str
    token: str
    keys: str
    userinfo: str
    posts_secret: bool
    names_itself: bool

    @classmethod
    def of(cls, said: Mapping[str, object], issuer: str) -> "Metadata":
        """Read the document of this issuer. Raises SignOnError where it can't be used."""
        if said.get("issuer") != issuer:
            raise SignOnError(
                f"{issuer} calls itself {str(said.get('issuer'))[:200]!r}: write issuer in [desk.oidc] just so"
            )
        ways = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        ways = ways if isinstance(ways, list) else []
        return cls(
            _door(said, "authorization_endpoint", issuer),
            _door(said, "token_endpoint", issuer),
            _door(said, "jwks_uri", issuer),
            _door(said, "userinfo_endpoint", issuer) if said.get("userinfo_endpoint") else "",
            posts_secret="client_secret_post" in ways and "client_secret_basic" not in ways,
            names_itself=said.get("authorization_response_iss_parameter_supported") is True,
        )


def _door(said: Mapping[str, object], name: str, issuer: str) -> str:
    """An address of the provider's: https, unless the provider itself does without on this machine."""
    try:
        url = web_address(str(said.get(name, "")))
    except ValueError:
        raise SignOnError(f"{issuer} names no usable {name}") from None
    if urlsplit(url).scheme != "https" and urlsplit(issuer).scheme == "https":
        raise SignOnError(f"{issuer} names a {name} that is not https")
    return url
