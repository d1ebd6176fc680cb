"""What every section of config.toml has in common."""

from typing import Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, PrivateAttr, model_validator

from syndicator.config.environment import from_environment


class Section(BaseModel):
    """A part of the file, frozen. What came from the environment may be a secret, so `repr` does not show it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    _hidden: frozenset[str] = PrivateAttr(default=frozenset())

    @model_validator(mode="wrap")
    @classmethod
    def _remember_what_to_hide(cls, data: object, build: ModelWrapValidatorHandler[Self]) -> Self:
        section = build(data)
        if isinstance(data, dict):
            hidden = frozenset(key for key, value in data.items() if from_environment(value))
            section._hidden = hidden  # noqa: SLF001 - our own; a private attribute is all that may change when frozen
        return section

    def is_hidden(self, key: str) -> bool:
        """Whether this key's value came from the environment."""
        return key in self._hidden

    def __repr_args__(self) -> list[tuple[str | None, object]]:
        """Pydantic's hook for `repr` and `str`: the fields to show."""
        shown = super().__repr_args__()
        return [(key, "(from the environment)" if key in self._hidden else value) for key, value in shown]
