"""A provider of OpenID Connect on loopback, as a newsroom has one: discovery, authorize, token, keys, userinfo.

    with OidcProvider(lambda: desk.now) as provider:
        browser.elsewhere = provider.visit       # whoever comes is Anna, and agrees

It keeps its clients to the rules (RFC 6749, RFC 7636), and tells what a test has it tell.
"""

import json
from base64 import b64decode, urlsafe_b64encode
from functools import cache
from hashlib import sha256
from http.client import HTTPConnection
from secrets import token_urlsafe
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey
from receiver import Receiver, Reply

CLIENT, SECRET = "desk", "correct/horse+battery%staple:s3cret"
REDIRECT = "https://desk.example/desk/oidc/callback"


@cache
def rsa(kid):
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


class OidcProvider:
    """`claims`, `metadata` and `back` are laid over what it says in ID tokens, of itself, and on the way back; None
    takes away. `info` is what it says of somebody elsewhere. `sign` makes a token of header and claims.
    """

    def __init__(self, clock):
        self._clock = clock
        self._web = Receiver()
        self._asked = {}
        self.kid = "first"
        self.claims, self.metadata, self.back, self.info = {}, {}, {}, {}
        self.sign = lambda header, claims: jwt.encode(header, claims, rsa(self.kid))
        self.published = lambda: [rsa(self.kid).as_dict(private=False)]

    def __enter__(self):
        self._web.__enter__()
        self.answer("/.well-known/openid-configuration", lambda _: _json(self._metadata()))
        self.answer("/authorize", self._authorize)
        self.answer("/token", self._token)
        self.answer("/keys", lambda _: _json({"keys": self.published()}))
        self.answer("/userinfo", self._userinfo)
        return self

    def __exit__(self, *exc):
        self._web.__exit__(*exc)

    @property
    def issuer(self):
        return self._web.url("")

    @property
    def config(self):
        return (
            '[network]\nallow_private = ["127.0.0.1"]\n'
            f'[desk.oidc]\nissuer = "{self.issuer}"\nclient_id = "{CLIENT}"\nclient_secret = "{SECRET}"\n'
            'name = "Newsroom single sign-on"\n'
        )

    def answer(self, path, *replies):
        self._web.answer(path, *replies)

    def asked(self, path):
        return self._web.received(path)

    def visit(self, url):
        """What a browser does that is sent here: it is sent back, to the address that this gives."""
        parts = urlsplit(url)
        connection = HTTPConnection(parts.hostname, parts.port, timeout=10)
        try:
            connection.request("GET", f"{parts.path}?{parts.query}")
            answer = connection.getresponse()
            assert answer.status == 302, answer.read()
            return answer.headers["Location"]
        finally:
            connection.close()

    def _metadata(self):
        return _over(
            {
                "issuer": self.issuer,
                "authorization_endpoint": self.issuer + "/authorize?prompt=none",
                "token_endpoint": self.issuer + "/token",
                "jwks_uri": self.issuer + "/keys",
                "userinfo_endpoint": self.issuer + "/userinfo",
            },
            self.metadata,
        )

    def _authorize(self, request):
        asked = _fields(urlsplit(request.target).query)
        assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT, REDIRECT)
        assert (asked["response_type"], asked["prompt"], asked["code_challenge_method"]) == ("code", "none", "S256")
        assert "openid" in asked["scope"].split()
        assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
        code = token_urlsafe(16)
        self._asked[code] = asked
        back = _over({"code": code, "state": asked["state"]}, self.back)
        return Reply(302, headers={"Location": f"{asked['redirect_uri']}?{urlencode(back, doseq=True)}"})

    def _token(self, request):
        sent = _fields(request.body.decode())
        asked = self._asked.pop(sent.get("code"), None)
        proven = _s256(sent.get("code_verifier", ""))
        if self._client(request, sent) != (CLIENT, SECRET):
            return _json({"error": "invalid_client", "error_description": f"not {sent} {request.headers}"}, 401)
        if asked is None or sent["redirect_uri"] != asked["redirect_uri"] or proven != asked["code_challenge"]:
            return _json({"error": "invalid_grant", "error_description": f"not {sent}"}, 400)
        now = int(self._clock().timestamp())
        claims = {"iss": self.issuer, "sub": "7f3a", "aud": CLIENT, "iat": now, "exp": now + 300}
        claims |= {"nonce": asked["nonce"], "email": "anna@news.example", "email_verified": True}
        token = self.sign({"alg": "RS256", "kid": self.kid}, _over(claims, self.claims))
        return _json({"access_token": "let-me-read", "token_type": "Bearer", "id_token": token})

    def _client(self, request, sent):
        kind, _, told = request.headers.get("authorization", "").partition(" ")
        if kind != "Basic":
            return sent.get("client_id"), sent.get("client_secret")
        # RFC 6749 §2.3.1: each is form-encoded.
        name, _, secret = b64decode(told).decode().partition(":")
        return _fields(f"n={name}")["n"], _fields(f"s={secret}")["s"]

    def _userinfo(self, request):
        assert request.headers["authorization"] == "Bearer let-me-read"
        return _json({"sub": "7f3a", **self.info})


def _json(said, status=200):
    return Reply(status, json.dumps(said).encode(), {"Content-Type": "application/json"})


def _over(first, second):
    return {name: value for name, value in {**first, **second}.items() if value is not None}


def _fields(query):
    return {name: values[0] for name, values in parse_qs(query, strict_parsing=True).items()}


def _s256(verifier):
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
