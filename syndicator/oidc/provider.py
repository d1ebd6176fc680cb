"""The provider of [desk.oidc]: the way there, and who came back. The authorization code flow with PKCE."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import aiohttp

from syndicator.config import MISSING, WELL_KNOWN, Claim, Oidc
from syndicator.delivery import guarded_session
from syndicator.errors import SignOnError
from syndicator.network import Network
from syndicator.oidc.asking import ask
from syndicator.oidc.metadata import Metadata

# How long we go by what a provider said of itself. A key that it took back is good for no longer.
KEPT_FOR = timedelta(hours=1)
_SCOPES = {Claim.EMAIL: "openid email", Claim.USERNAME: "openid profile", Claim.SUBJECT: "openid"}
# What has to be said of somebody, together, so that we know whom to look for.
_WANTED = {
    Claim.EMAIL: ("email", "email_verified"),
    Claim.USERNAME: ("preferred_username",),
    Claim.SUBJECT: ("sub",),
}
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Identified:
    """Who somebody is. Not `is_sure`: the provider did not check that the address is theirs."""

    name: str
    is_sure: bool


@dataclass(frozen=True, slots=True)
class _Known:
    metadata: Metadata
    keys: list[object]
    until: datetime


class Provider:
    """One provider, and us as its client. `redirect` is the address of ours that it sends people back to.

    `allow` are the private networks that may be reached. Each sign-in has a connection of its own, and none is kept.
    """

    def __init__(
        self, settings: Oidc, redirect: str, user_agent: str, allow: tuple[Network, ...], clock: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._redirect = redirect
        self._user_agent = user_agent
        self._allow = allow
        self._clock = clock
        self._known: _Known | None = None

    async def way(self, state: str, nonce: str, verifier: str) -> str:
        """Where to send a browser. Raises SignOnError."""
        protocol = _protocol()
        async with self._session() as session:
            known = await self._knowing(session)
        return str(
            protocol.authorization_url(
                known.metadata.authorization,
                self._settings.client_id,
                self._redirect,
                _SCOPES[self._settings.claim],
                state,
                nonce=nonce,
                verifier=verifier,
            )
        )

    async def identify(self, code: str, nonce: str, verifier: str, says: str | None) -> Identified:
        """Who came back with this code. `says` is the issuer that came along (RFC 9207). Raises SignOnError."""
        protocol, settings = _protocol(), self._settings
        async with self._session() as session:
            known = await self._knowing(session)
            if says != settings.issuer and (says is not None or known.metadata.names_itself):
                raise SignOnError(f"an answer came in the name of {str(says)[:200]!r} instead of {settings.issuer}")
            body, headers = protocol.token_request(
                (settings.client_id, settings.client_secret),
                code,
                self._redirect,
                verifier,
                post=known.metadata.posts_secret,
            )
            hidden = (settings.client_secret, code, verifier, headers.get("Authorization", "").partition(" ")[2])
            said = await ask(session, known.metadata.token, self._clock(), body=body, headers=headers, hidden=hidden)
            claims = await self._claims(session, known, said, nonce, protocol)
            if any(name not in claims for name in _WANTED[settings.claim]) and known.metadata.userinfo:
                claims = await self._userinfo(session, known.metadata.userinfo, said, claims)
        return self._identified(claims)

    async def _claims(
        self, session: aiohttp.ClientSession, known: _Known, said: dict[str, Any], nonce: str, protocol: ModuleType
    ) -> dict[str, Any]:
        """What the ID token says; with the provider's newest keys, where it has changed them."""
        token, access_token = said.get("id_token"), said.get("access_token")
        if not isinstance(token, str) or not isinstance(access_token, str):
            raise SignOnError(f"{known.metadata.token} gave no ID token and access token for a code")

        def believed(keys: list[object]) -> dict[str, Any]:
            claims: dict[str, Any] = protocol.believed(
                token,
                keys,
                self._clock(),
                issuer=self._settings.issuer,
                client_id=self._settings.client_id,
                nonce=nonce,
                access_token=access_token,
            )
            return claims

        try:
            return believed(known.keys)
        except protocol.UnknownKeyError:
            return believed((await self._renewed(session)).keys)

    async def _userinfo(
        self, session: aiohttp.ClientSession, url: str, said: dict[str, Any], claims: dict[str, Any]
    ) -> dict[str, Any]:
        """What the provider says of them elsewhere (Core §5.3): many put no more than `sub` into the token."""
        token = str(said["access_token"])
        more = await ask(session, url, self._clock(), headers={"Authorization": f"Bearer {token}"}, hidden=(token,))
        if more.get("sub") != claims["sub"]:
            raise SignOnError(f"{url} speaks of somebody else than the ID token")
        return more

    def _identified(self, claims: dict[str, Any]) -> Identified:
        claim = self._settings.claim
        name = claims.get(claim.value)
        if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= _LONGEST_NAME:
            raise SignOnError(
                f"{self._settings.issuer} did not say who somebody is: there is no usable {claim.value} among"
                " its claims; give our client the scope for it there, or name another claim in [desk.oidc]"
            )
        return Identified(name, claim is not Claim.EMAIL or claims.get("email_verified") is True)

    async def _knowing(self, session: aiohttp.ClientSession) -> _Known:
        known = self._known
        return known if known is not None and self._clock() < known.until else await self._renewed(session)

    async def _renewed(self, session: aiohttp.ClientSession) -> _Known:
        """Ask the provider what it says of itself, and for its keys."""
        now, issuer = self._clock(), self._settings.issuer
        metadata = Metadata.of(await ask(session, issuer.rstrip("/") + WELL_KNOWN, now), issuer)
        keys = (await ask(session, metadata.keys, now)).get("keys")
        self._known = _Known(metadata, keys if isinstance(keys, list) else [], now + KEPT_FOR)
        return self._known

    def _session(self) -> aiohttp.ClientSession:
        return guarded_session(self._user_agent, self._allow)


def _protocol() -> ModuleType:
    """What knows the protocol; not there where the extra is not installed."""
    try:
        from syndicator.oidc import idtoken  # noqa: PLC0415 - few need it, so it may be missing
    except ImportError:
        raise SignOnError(MISSING) from None
    return idtoken
