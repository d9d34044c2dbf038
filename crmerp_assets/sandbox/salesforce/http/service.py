"""What the handlers of the API work with."""

from dataclasses import dataclass, field

from crmerp_assets.sandbox.salesforce.engine import Organisation
from crmerp_assets.sandbox.salesforce.engine.records import Records
from crmerp_assets.sandbox.salesforce.engine.removal import Removal
from crmerp_assets.sandbox.salesforce.http.partfaults import PartFaults
from crmerp_assets.sandbox.salesforce.http.usage import Usage
from crmerp_assets.sandbox.salesforce.jobs import Jobs
from crmerp_assets.sandbox.salesforce.schema import Catalog
from crmerp_assets.sandbox.salesforce.soql import Queries


@dataclass(slots=True)
class Service:
    """One organisation with everything that can be done to it."""

    organisation: Organisation
    records: Records
    removal: Removal
    queries: Queries
    usage: Usage
    jobs: Jobs
    part_faults: PartFaults = field(default_factory=PartFaults)
    catalog: Catalog = field(init=False)

    def __post_init__(self) -> None:
        self.catalog = self.organisation.catalog
