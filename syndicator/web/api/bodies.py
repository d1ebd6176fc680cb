"""What requests that change something have in common."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Names = Annotated[tuple[str, ...], Field(max_length=1000)]
Yes = Annotated[bool, Field(strict=True)]
# "10m", or seconds: as they come out, 600.0.
Span = Annotated[str, Field(strict=True, max_length=100)] | Annotated[float, Field(strict=True, allow_inf_nan=False)]


class Body(BaseModel):
    """A JSON object that is sent to us. A key that is not known is refused, lest a slip change something else."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def given(self) -> dict[str, Any]:
        """The keys that were sent, as config.toml would have them: lists as lists, whole seconds as whole numbers."""
        return {key: _written(value) for key, value in self.model_dump(exclude_unset=True).items()}


def _written(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
