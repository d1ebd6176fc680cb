"""Who may do what at /api/v1: whoever shows a token that may, as RFC 6750 has it; and everybody what is public.

A token is looked up in the store on every request, so one that is revoked, by whichever process, opens nothing more.
"""

from typing import Annotated, Any

from fastapi import Depends, Security
from fastapi.security import HTTPBearer, SecurityScopes
from starlette.requests import Request

from syndicator.access import Scope, may, writes
from syndicator.config.serving import Access
from syndicator.people import program
from syndicator.store import TokenRow
from syndicator.tokendesk import TokenDesk
from syndicator.web.api.problems import ProblemError
from syndicator.web.house import House

_SCHEME = "Bearer"


async def the_house(request: Request) -> House:
    """The newsroom that is asked."""
    house: House = request.app.state.house
    return house


TheHouse = Annotated[House, Depends(the_house)]

# For the OpenAPI document alone: what it makes of a header we look at ourselves.
BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    bearerFormat="syn_…",
    description="A token from `syndicator tokens add`, which names the scopes that it may be used for.",
)


async def shown(request: Request, house: TheHouse) -> TokenRow | None:
    """The token that is shown, None where none is; 401 for one that opens nothing, at public addresses too.

    Other ways to say who one is (`Basic …`, for a proxy in front of us) are none of ours.
    """
    values = [value.strip() for value in request.headers.getlist("authorization")]
    bearers = [value for value in values if value.partition(" ")[0].lower() == _SCHEME.lower()]
    if not bearers:
        return None
    row = None
    if len(values) == 1:
        row = TokenDesk(house.store).holder(bearers[0].partition(" ")[2].strip(), house.clock())
    if row is None:
        raise _no_good()
    request.state.token = row
    return row


def _no_good() -> ProblemError:
    return ProblemError(
        401,
        "This token opens nothing: it is misspelt, revoked, or past its time.",
        name="token",
        title="The token is not good",
        headers={"WWW-Authenticate": f'{_SCHEME} error="invalid_token"'},
    )


Shown = Annotated[TokenRow | None, Depends(shown)]


async def holder(
    scopes: SecurityScopes, token: Shown, house: TheHouse, _bearer: Annotated[Any, Security(BEARER)]
) -> TokenRow:
    """The token that is shown, which may do what `scopes` name; 401 without one, 403 if it may not.

    Where they name something that is written, nobody else writes now; 503 where that is not so for a while.
    """
    if token is None:
        raise ProblemError(401, headers={"WWW-Authenticate": _SCHEME})
    wanted = [Scope(scope) for scope in scopes.scopes]
    _must_be_allowed(token, *wanted)
    if any(map(writes, wanted)):
        # From here to the endpoint's own writes nothing lets go of the event loop.
        await house.turn()
    return token


def _must_be_allowed(token: TokenRow, *wanted: Scope) -> None:
    lacking = [scope for scope in wanted if not may(token.scopes, scope)]
    if lacking:
        needed = " ".join(lacking)
        raise ProblemError(
            403,
            f"This token may not do this: it takes the scope {needed}.",
            name="scope",
            title="The token may not do this",
            headers={"WWW-Authenticate": f'{_SCHEME} error="insufficient_scope", scope="{needed}"'},
        )


def by(token: TokenRow) -> str:
    """Who the audit log says did what is done with a token."""
    return program(token.name)


def needs(scope: Scope) -> Any:
    """What an endpoint depends on that takes a token with this scope; gives the token."""
    return Security(holder, scopes=[scope.value])


async def reader(house: TheHouse, token: Shown) -> None:
    """Whoever may read: everybody, or who has a token with the scope `news:read`, as [api] read says."""
    if house.settings.api.read is Access.PUBLIC:
        return
    if token is None:
        raise ProblemError(401, headers={"WWW-Authenticate": _SCHEME})
    _must_be_allowed(token, Scope.NEWS_READ)


# Dependencies and endpoints are all `async def`: FastAPI would run others in threads, and the store is the loop's.
READER = Depends(reader)


def is_still_welcome(request: Request, house: House) -> bool:
    """Whether whoever was let in may stay: for answers that take long, whose token may be revoked meanwhile."""
    token: TokenRow | None = getattr(request.state, "token", None)
    return token is None or house.store.tokens.is_live(token.id, house.clock())


def must_still_be_welcome(request: Request, house: House) -> None:
    """401 where whoever was let in may not stay; for answers that were waited for."""
    if not is_still_welcome(request, house):
        raise _no_good()
