"""Who is at the desk: the session behind a cookie, and the proof that a form is one of ours.

A session's secret is 256 random bits, new at each sign-in (no fixation), of which the store keeps the hash. A form's
proof is made of that secret, so that it is good for this session alone and nothing has to be kept (OWASP, "HMAC based
token pattern").
"""

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from urllib.parse import urlencode

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from syndicator.access import fingerprint
from syndicator.people import Stay
from syndicator.store import SessionRow, UserRow
from syndicator.web.desk.cookie import Cookie
from syndicator.web.desk.introduced import Introduced
from syndicator.web.house import House

# Signs of life are written down this seldom.
_SEEN = timedelta(minutes=1)
_KEY = "desk key"
# What an act came to is told on the page that comes next, and not when its address is opened again later.
_TOLD_FOR_S = 60
_LONGEST_CLIENT = 200
_LONGEST_COOKIE = 100


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in. `proof` goes into every form they are given; `said` is what the last one came to."""

    user: UserRow
    session: SessionRow
    proof: str = field(repr=False)
    said: str = ""

    def proves(self, shown: str) -> bool:
        """Whether this is the proof that was given out with our forms."""
        return hmac.compare_digest(shown.encode(), self.proof.encode())


class Sessions:
    """Begins, finds and ends sessions."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.introduced = Introduced(house)
        self._stay = Stay(house.settings.desk.idle, house.settings.desk.lifetime)
        self._signed = URLSafeTimedSerializer(house.store.key(_KEY))
        self._cookie = Cookie("desk", house)

    def of(self, request: Request) -> Visitor | None:
        """Whoever this request is from, if they are signed in; it counts as a sign of life."""
        secret = self._cookie.of(request)
        if not secret or len(secret) > _LONGEST_COOKIE:
            return None
        found = self._house.store.users.session(fingerprint(secret))
        if found is None:
            return None
        session, user = found
        now = self._house.clock()
        if self._stay.ends(session.began, session.seen) <= now:
            return None
        if self.introduced.is_another(request, user):
            self._over(session)
            return None
        if now - session.seen >= _SEEN:
            self._seen(session, now)
        return Visitor(user, session, proof(secret), self._said(request, session))

    async def begin(self, request: Request, user: UserRow, answer: Response, *, by: str) -> bool:
        """Sign somebody in with this `answer`; whoever was signed in here before is no more. Raises StoreError.

        `by` says in the audit log what they were known by. False, and nobody is signed in, where `user` is out of date:
        locked out, removed or with another password since.
        """
        secret, old = token_urlsafe(32), self._cookie.of(request)
        now, client = self._house.clock(), request.headers.get("user-agent", "")[:_LONGEST_CLIENT]
        await self._house.turn()
        with self._house.store.transaction():
            users = self._house.store.users
            if not users.stands(user):
                return False
            users.end_session(fingerprint(old))
            users.forget(now - self._stay.longest, now - self._stay.idle, now)
            users.begin_session(fingerprint(secret), user.id, now, client)
            how = f"by {by}; {client}" if client else f"by {by}"
            self._house.store.audit.note(now, user.name, "signed in", f"user {user.name}", how)
        self._cookie.give(answer, secret, self._stay.longest)
        return True

    async def end(self, visitor: Visitor, answer: Response) -> None:
        """Sign somebody out here. Raises StoreError."""
        await self._house.turn()
        with self._house.store.transaction():
            self._house.store.users.end_session(visitor.session.hash)
            name = visitor.user.name
            self._house.store.audit.note(self._house.clock(), name, "signed out", f"user {name}")
        self._cookie.take_back(answer)

    def told(self, said: str, session: SessionRow) -> str:
        """A query that has the next page of this session say something, for a minute.

        It is signed, so that nobody else can put words on our pages.
        """
        return urlencode({"said": self._signed.dumps(said, salt=_salt(session))})

    def _said(self, request: Request, session: SessionRow) -> str:
        if request.method == "POST":
            # The address is still that of the page on which the last act was told; this is another act.
            return ""
        try:
            said = request.query_params.get("said", "")
            return str(self._signed.loads(said, max_age=_TOLD_FOR_S, salt=_salt(session)))
        except BadSignature:
            return ""

    def _over(self, session: SessionRow) -> None:
        # Where another process writes just now, the session is over with the next sign-in, and opens nothing before.
        if self._house.store.is_free():
            with self._house.store.transaction():
                self._house.store.users.end_session(session.hash)

    def _seen(self, session: SessionRow, now: datetime) -> None:
        # Nobody is kept from reading because another process writes just now.
        if self._house.store.is_free():
            with self._house.store.transaction():
                self._house.store.users.seen(session.hash, session.user, now)


def _salt(session: SessionRow) -> str:
    return f"desk said {session.hash}"


def proof(secret: str) -> str:
    """What stands in a form of the session that has this secret."""
    return hmac.new(secret.encode(), b"desk form", sha256).hexdigest()


def is_ours(request: Request, origin: str) -> bool:
    """Whether a browser says that a form was sent from a page of ours; browsers that say nothing are believed.

    The proof in the form decides; this stops what comes from elsewhere before it is read (Fetch, Sec-Fetch-Site).
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    return request.headers.get("origin", origin) == origin
