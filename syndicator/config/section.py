"""What every section of config.toml has in common."""

from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, PrivateAttr, model_validator

from syndicator.config.environment import from_environment


class Section(BaseModel):
    """A part of the file, frozen. `repr` shows neither what came from the environment nor the keys in `secrets`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    # Keys whose values are secret wherever they came from: no repr and no error has them.
    secrets: ClassVar[frozenset[str]] = frozenset()
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
        """Whether this key's value came from the environment, or is secret by its nature."""
        return key in self._hidden or key in self.secrets

    def __repr_args__(self) -> list[tuple[str | None, object]]:
        """Pydantic's hook for `repr` and `str`: the fields to show."""
        return [(key, self._shown(key, value)) for key, value in super().__repr_args__()]

    def _shown(self, key: str | None, value: object) -> object:
        if key in self._hidden:
            return "(from the environment)"
        return "(secret)" if key in self.secrets and value is not None else value
