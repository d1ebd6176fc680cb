"""Whether an ID token is to be believed (OpenID Connect Core 1.0 §3.1.3.7), by Authlib and its joserfc.

The extra `oidc` brings both; nothing else in the house imports them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from urllib.parse import quote

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, GuestProtocol, Key, RSAKey

from syndicator.delivery import one_line
from syndicator.errors import SignOnError

# Whoever has the provider's public key can check these and make none: no "none", no HMAC.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
# How far our clock and the provider's may be apart.
LEEWAY_S = 60
_KINDS: Mapping[object, type[RSAKey] | type[ECKey]] = {"RSA": RSAKey, "EC": ECKey}


class UnknownKeyError(SignOnError):
    """A token is signed with a key that is not among these: the provider may have changed its keys."""


def authorization_url(endpoint: str, client_id: str, redirect: str, scope: str, state: str, **more: str) -> str:
    """Where a browser is sent to sign in; `more` has the nonce and the verifier (RFC 6749 §4.1.1, RFC 7636 §4.3)."""
    challenge = create_s256_code_challenge(more.pop("verifier"))
    return str(
        prepare_grant_uri(
            endpoint,
            client_id,
            "code",
            redirect,
            scope,
            state,
            code_challenge=challenge,
            code_challenge_method="S256",
            **more,
        )
    )


def token_request(
    client: tuple[str, str], code: str, redirect: str, verifier: str, *, post: bool
) -> tuple[bytes, dict[str, str]]:
    """Body and headers that change a code for tokens (RFC 6749 §4.1.3); `client` is our name and our secret."""
    # RFC 6749 §2.3.1: both are form-encoded before they are joined by a colon, which Authlib leaves to us.
    auth = ClientAuth(*(client if post else map(_form_encoded, client)), "client_secret_post" if post else None)
    body = prepare_token_request("authorization_code", "", redirect, code=code, code_verifier=verifier)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    _, headers, body = auth.prepare("POST", "", headers, body)
    return str(body).encode(), headers


def believed(
    token: str,
    keys: Sequence[object],
    now: datetime,
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: str,
) -> dict[str, Any]:
    """The claims of an ID token that this issuer made for us, for this sign-in, and not long ago.

    Raises SignOnError; UnknownKeyError where its key is not among `keys`, those of the provider's JWK set.
    """
    try:
        read = jwt.decode(token, lambda guest: _key(guest, keys), algorithms=ALGORITHMS)
        claims = CodeIDToken(
            read.claims,
            read.header,
            {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}},
            {"nonce": nonce, "client_id": client_id, "access_token": access_token},
        )
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY_S)
    except (JoseError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        why = one_line(f"{type(error).__name__}: {error}")
        raise SignOnError(f"the ID token of {issuer} is not to be believed: {why}") from None
    return dict(claims)


def _key(guest: GuestProtocol, keys: Sequence[object]) -> Key:
    """The one key that a token says it is signed with; without a name, the only one that it can be."""
    header = guest.headers()
    kind = "EC" if header["alg"].startswith("ES") else "RSA"
    fit = [
        key
        for key in keys
        if isinstance(key, dict)
        and key.get("kty") == kind
        and key.get("use", "sig") == "sig"
        and key.get("alg", header["alg"]) == header["alg"]
        and ("kid" not in header or key.get("kid") == header["kid"])
    ]
    if len(fit) != 1:
        raise UnknownKeyError(f"{len(fit)} of the provider's keys fit what its ID token is signed with")
    return _KINDS[kind].import_key(cast("dict[str, Any]", fit[0]))


def _form_encoded(text: str) -> str:
    return quote(text, safe="")
