"""Signing in by OpenID Connect: who somebody is, as their organisation's provider says. The modules in reading order:

`metadata` (what the provider says of itself), `asking` (its answers), `provider` (the way there and back), `idtoken`
(whether what came back is to be believed; it alone wants the extra `oidc`).
"""

from syndicator.oidc.provider import Identified, Provider

__all__ = ["Identified", "Provider"]
