"""What the company has decided about guards: when a plan is abnormal, and how the day's API calls are shared."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Guarded = Literal["customer", "contact", "product", "order", "order_mirror", "invoice_mirror"]
CallClass = Literal["order", "status", "master", "enrichment"]
Share = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(ge=0)]
Number = Annotated[int, Field(ge=1)]
_CALM: Mapping[Guarded, dict[str, float]] = {
    entity: {"update_share": 0.5} for entity in ("order", "order_mirror", "invoice_mirror")
}
_SHARES: Mapping[CallClass, float] = {"order": 1.0, "status": 0.95, "master": 0.85, "enrichment": 0.7}


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Section):
    """Up to where the plan and the pushes of one connection and entity are normal.

    `create_share` and `update_share` are of the records that the side is known to hold, `blank_share` of the fields
    that updates change, `error_share` of the writes that one push tried. Nothing up to `min_records`, `min_blanks`
    and `min_attempts` is ever abnormal. `first_load`: true, or the last day (UTC) on which sizes are not checked.
    """

    first_load: bool | date = False
    min_records: Number = 100
    create_share: Factor = 0.2
    update_share: Factor = 0.3
    min_blanks: Number = 20
    blank_share: Share = 0.3
    min_attempts: Number = 20
    error_share: Share = 0.5
    probe_seconds: Annotated[float, Field(gt=0)] = 900
    probe_records: Number = 3

    def loading(self, today: date) -> bool:
        """Whether this is the first load, whose size says nothing."""
        return today <= self.first_load if isinstance(self.first_load, date) else self.first_load


class Breaker(Limits):
    """The limits of every entity, and what differs for some. A billing run touches many orders: theirs are wider."""

    entities: Mapping[Guarded, Mapping[str, bool | date | float]] = Field(default=_CALM, validate_default=True)

    @field_validator("entities")
    @classmethod
    def _known(
        cls, value: Mapping[Guarded, Mapping[str, bool | date | float]]
    ) -> Mapping[Guarded, Mapping[str, bool | date | float]]:
        for limits in value.values():
            Limits.model_validate(dict(limits))
        return {entity: {**_CALM.get(entity, {}), **value.get(entity, {})} for entity in {**_CALM, **value}}

    def of(self, entity: str) -> Limits:
        """The limits of one entity."""
        own = next((limits for name, limits in self.entities.items() if name == entity), {})
        return Limits.model_validate({**self.model_dump(exclude={"entities"}), **own})


class Budget(_Section):
    """The share of a connection's daily calls up to which each class of work may go on, and where to warn."""

    shares: Mapping[CallClass, Share] = _SHARES
    warn_share: Share = 0.8

    @field_validator("shares")
    @classmethod
    def _every_class(cls, value: Mapping[CallClass, float]) -> Mapping[CallClass, float]:
        return {**_SHARES, **value}
