"""What requests that change something have in common."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

Names = Annotated[tuple[str, ...], Field(max_length=1000)]
Yes = Annotated[bool, Field(strict=True)]
# "10m", or seconds: as they come out, 600.0.
Span = Annotated[str, Field(strict=True, max_length=100)] | Annotated[float, Field(strict=True, allow_inf_nan=False)]

_SURROGATE = re.compile("[\ud800-\udfff]")


class Body(BaseModel):
    """A JSON object that is sent to us. A key that is not known is refused, lest a slip change something else."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _is_text(cls, value: object) -> object:
        """JSON can write half of a character (RFC 8259 §8.2); nothing can keep it."""
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str) and not each.isascii() and _SURROGATE.search(each):
                raise ValueError("half of a surrogate pair is no character")
        return value

    def given(self) -> dict[str, Any]:
        """The keys that were sent, as config.toml would have them: lists as lists, whole seconds as whole numbers."""
        return {key: _written(value) for key, value in self.model_dump(exclude_unset=True).items()}


def _written(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
