"""What all parts of a manifest have in common."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A part of a manifest: unknown fields are faults, values are never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
