"""What each object insists on beyond the types of its fields."""

from typing import Protocol

from crmerp_assets.sandbox.salesforce.engine.change import Change
from crmerp_assets.sandbox.salesforce.engine.organisation import Actor, Organisation, Row
from crmerp_assets.sandbox.salesforce.rules.opportunities import LineItemRules, OpportunityRules
from crmerp_assets.sandbox.salesforce.rules.others import (
    CurrencyRules,
    FieldPermissionRules,
    NoRules,
    PersonRules,
    PricebookEntryRules,
    ProductRules,
)


class Rules(Protocol):
    """`before` may refuse or complete a change, `after` and `deleted` draw consequences."""

    def before(self, change: Change) -> None: ...

    def after(self, change: Change) -> None: ...

    def deleted(self, organisation: Organisation, row: Row, actor: Actor) -> None: ...


NO_RULES = NoRules()
RULES: dict[str, Rules] = {
    "Opportunity": OpportunityRules(),
    "OpportunityLineItem": LineItemRules(),
    "PricebookEntry": PricebookEntryRules(),
    "Product2": ProductRules(),
    "Contact": PersonRules(),
    "User": PersonRules(),
    "CurrencyType": CurrencyRules(),
    "FieldPermissions": FieldPermissionRules(),
}


def rules_of(object_name: str) -> Rules:
    return RULES.get(object_name, NO_RULES)
