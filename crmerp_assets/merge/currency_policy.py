"""What the company has decided about exchange rates: how old one may be, and where to look when the ERP has none."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Currencies(BaseModel):
    """The whole of `currencies` in policy.yaml.

    The ERP's rates come first. `fallback: ecb` takes the European Central Bank's where the ERP has none that is at most
    `max_rate_age_days` old: in reports, and for new orders only with `orders_at_fallback`. `file` is the ECB's
    eurofxref-hist.csv or .zip; a relative path starts in the configuration folder.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fallback: Literal["none", "ecb"] = "none"
    file: Path = Path("eurofxref-hist.csv")
    max_rate_age_days: Annotated[int, Field(ge=0)] | None = None
    orders_at_fallback: bool = False

    @model_validator(mode="after")
    def _bounded(self) -> "Currencies":
        if self.fallback != "none" and self.max_rate_age_days is None:
            raise ValueError("`fallback` needs `max_rate_age_days`: from what age on a rate does not count any more")
        if self.orders_at_fallback and self.fallback == "none":
            raise ValueError("`orders_at_fallback` needs `fallback: ecb`")
        return self
