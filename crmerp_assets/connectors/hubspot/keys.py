"""Finding records by our key, which HubSpot does by properties with unique values only."""

from __future__ import annotations

from collections.abc import Sequence

from crmerp_assets.connectors.errors import ConfigError, Rejected
from crmerp_assets.connectors.hubspot.api import HubSpotApi, Record
from crmerp_assets.connectors.hubspot.auth import SYSTEM
from crmerp_assets.connectors.hubspot.schema import Schema


class Keys:
    def __init__(self, api: HubSpotApi, schema: Schema) -> None:
        self._api, self._schema = api, schema

    def read(self, object: str, key_field: str, keys: Sequence[str], properties: Sequence[str]) -> list[Record]:
        """The live records with these keys. Raises ConfigError where HubSpot finds none by this property."""
        try:
            return self._api.batch_read(object, keys, properties, by=key_field)
        except Rejected:
            self.check(object, key_field)
            raise

    def there(self, object: str, key_field: str, keys: Sequence[str]) -> dict[str, str]:
        """Which of these keys, in lower case, HubSpot has, and their ids."""
        records = self.read(object, key_field, keys, [key_field])
        return {str(record["properties"][key_field]).lower(): str(record["id"]) for record in records}

    def check(self, object: str, key_field: str) -> None:
        """HubSpot refuses to find records by a property that is not unique as if the rows were at fault."""
        field = self._schema.fields(object).get(key_field)
        if field is None or not field.unique:
            what = (
                f"HubSpot finds no {object} by {key_field}, which must be a property with unique values: delete one "
                "that is not, then provision it."
            )
            raise ConfigError(what, system=SYSTEM, object=object)
