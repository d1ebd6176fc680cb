"""What goes wrong below /api/v1, told as RFC 9457 problem documents: what is wrong, where, and what to do."""

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from syndicator.errors import (
    ConflictError,
    DefinitionError,
    NotFoundError,
    QueryError,
    StoreSlowError,
    SyndicatorError,
    UsageError,
)
from syndicator.web.headers import UNSTORED

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
# A problem with a type of its own says more than its status: a program may branch on it.
_TYPES = "urn:syndicator:problem:"
_BLANK = "about:blank"
_RETRY_AFTER_S = 60
# What was wrong is shown to whoever sent it, but no megabytes of it.
_SHOWN = 200
# A query is shown with a caret under what is wrong in it.
_QUERY_SHOWN = 1000

_ADVICE = {
    HTTPStatus.BAD_REQUEST: "The request can't be understood.",
    HTTPStatus.UNAUTHORIZED: "Send a token of this newsroom: Authorization: Bearer TOKEN.",
    HTTPStatus.NOT_FOUND: "There is nothing at this address. The addresses that there are stand in openapi.json.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This can't be done here. What can is in the Allow header.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send the body as JSON, with Content-Type: application/json.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests. Ask again after the seconds that Retry-After names.",
    HTTPStatus.SERVICE_UNAVAILABLE: "This can't be done right now. Ask again after the seconds that Retry-After names.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something is wrong on our side. It is in our log.",
}


class FieldProblem(BaseModel):
    """One thing that is wrong with a request."""

    model_config = ConfigDict(frozen=True)

    field: str = Field(description="Where: `query.limit`, `body.name`.", examples=["query.limit"])
    message: str = Field(description="What is wrong there.", examples=["Input should be less than or equal to 200"])


class Problem(BaseModel):
    """A problem document (RFC 9457): what went wrong, for people and for programs."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(
        default=_BLANK,
        description="`about:blank` where the status says all, else a name that stays: `urn:syndicator:problem:query`.",
        examples=[_TYPES + "query"],
    )
    title: str = Field(description="What kind of problem it is.", examples=["The query can't be used"])
    status: int = Field(description="The HTTP status.", ge=400, le=599, examples=[400])
    detail: str = Field(description="What is wrong here, and what to do about it.")
    errors: tuple[FieldProblem, ...] | None = Field(
        default=None, description="Every part of the request that can't be taken, where that is the problem."
    )
    query: str | None = Field(default=None, description="The query that can't be used.", examples=["boat AND"])
    position: int | None = Field(
        default=None, description="Where in `query`: characters from its beginning, the first is 0.", examples=[8]
    )
    hint: str | None = Field(default=None, description="What to write instead.")
    newest: int | None = Field(default=None, description="The newest `seq`, where the one asked for is beyond it.")


class ProblemError(Exception):
    """A request is answered with a problem: raise it anywhere below /api/v1.

    `name` makes the type, "urn:syndicator:problem:NAME"; without one it is about:blank and the title that of the
    status (RFC 9457 §4.2.1). `members` are further fields of Problem.
    """

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        name: str = "",
        title: str = "",
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        self.status = status
        self.headers = dict(headers or {})
        phrase = HTTPStatus(status)
        self.problem = Problem(
            type=_TYPES + name if name else _BLANK,
            title=(title if name else "") or phrase.phrase,
            status=status,
            detail=detail or _ADVICE.get(phrase, phrase.description or phrase.phrase),
            **members,
        )
        super().__init__(self.problem.detail)

    def response(self) -> Response:
        """The answer."""
        return problem_response(self.problem, self.headers)


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """A problem document as an answer, which nobody keeps."""
    body = json.dumps(problem.model_dump(exclude_none=True, mode="json"), ensure_ascii=False)
    return Response(
        body.encode(errors="replace"),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={**UNSTORED, **(headers or {})},
    )


def add_problems(app: FastAPI) -> None:
    """Make the application answer with problem documents whatever goes wrong."""

    async def told(_request: Request, error: Exception) -> Response:
        return as_problem(error).response()

    for kind in (ProblemError, HTTPException, RequestValidationError, SyndicatorError, Exception):
        app.add_exception_handler(kind, told)


def as_problem(error: Exception) -> ProblemError:  # noqa: PLR0911 - one a kind of error
    """The problem that an error is to whoever asked."""
    match error:
        case ProblemError():
            return error
        case HTTPException():
            return ProblemError(error.status_code, headers=dict(error.headers or {}))
        case RequestValidationError():
            return invalid(error.errors())
        case QueryError():
            return ProblemError(
                400,
                f"{error.message} (at character {error.position + 1}).",
                name="query",
                title="The query can't be used",
                query=error.query,
                position=error.position,
                hint=error.hint or None,
            )
        case NotFoundError():
            return ProblemError(404, str(error))
        case DefinitionError():
            mistakes = [{"type": "definition", "loc": ("body", key), "msg": said} for key, said in error.mistakes]
            return invalid(mistakes, shown=_QUERY_SHOWN)
        case ConflictError():
            return ProblemError(409, str(error), name="conflict", title="What is there stands against it")
        case UsageError():
            return ProblemError(422, str(error), name="refused", title="This can't be done as it was asked")
        case SyndicatorError():
            # A full disk, a locked database, a search that takes too long: it goes by, and what it is is for our log.
            log.log(logging.DEBUG if isinstance(error, StoreSlowError) else logging.WARNING, "%s", error)
            return ProblemError(503, headers={"Retry-After": str(_RETRY_AFTER_S)})
        case _:
            return ProblemError(500)


def invalid(errors: Sequence[Mapping[str, Any]], *, shown: int = _SHOWN) -> ProblemError:
    """What pydantic found wrong with a request: 400 where its body is no JSON at all, else 422, each field told."""
    problems = tuple(
        FieldProblem(
            field=".".join(map(str, each["loc"]))[:_SHOWN],
            message=str(each["msg"]).removeprefix("Value error, ")[:shown],
        )
        for each in errors
    )
    if any(each["type"] == "json_invalid" for each in errors):
        said = errors[0].get("ctx", {}).get("error", problems[0].message)
        return ProblemError(400, f"The body can't be read as JSON: {said}.")
    told = "; ".join(f"{each.field}: {each.message}" for each in problems[:3])
    more = f"; and {len(problems) - 3} more, all in errors" if len(problems) > 3 else ""  # noqa: PLR2004 - as many as above
    return ProblemError(
        422, f"{told}{more}.", name="invalid", title="The request can't be taken as it is", errors=problems
    )


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route or router: these statuses, each a Problem. `app.schema` puts their media type right."""
    return {
        status: {"model": Problem, "description": _ADVICE.get(HTTPStatus(status), HTTPStatus(status).phrase)}
        for status in statuses
    }
