"""What all shapes have in common: times in whole seconds of UTC, spans in seconds."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# A time as RFC 3339 text in UTC.
Moment = Annotated[
    datetime,
    PlainSerializer(_written, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]


class Shape(BaseModel):
    """One JSON object, with its keys in the order of its fields."""

    model_config = ConfigDict(frozen=True, ser_json_timedelta="float", json_schema_serialization_defaults_required=True)

    def plain(self) -> dict[str, Any]:
        """The object as JSON has it."""
        return self.model_dump(mode="json", by_alias=True)
