"""What kinds of records this ERP keeps, and the columns of its extracts."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record. `required` must be filled; `refers` names columns that hold another kind's id."""

    name: str
    id: str
    prefix: str
    columns: tuple[str, ...]
    required: tuple[str, ...] = ()
    refers: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[str, ...] = ()

    @property
    def header(self) -> list[str]:
        """The columns of an extract."""
        return [self.id, *self.columns, "changed_at", "changed_by"]


_ADDRESS = ("street", "city", "state", "zip", "country")
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "customer",
            "customer_no",
            "C",
            ("crmerp_id", "name", "phone", "email", "website", "vat_no", *_ADDRESS, "terms", "currency", "active"),
            required=("name",),
        ),
        Kind(
            "contact",
            "contact_no",
            "P",
            ("crmerp_id", "customer_no", "first_name", "last_name", "email", "phone", "title"),
            required=("last_name", "customer_no"),
            refers={"customer_no": "customer"},
        ),
        Kind(
            "item",
            "item_no",
            "I",
            ("crmerp_id", "sku", "name", "unit", "price", "active"),
            required=("sku",),
        ),
        Kind(
            "order",
            "order_no",
            "SO",
            ("crmerp_id", "description", "customer_no", "currency", "order_date", "state", "total"),
            required=("customer_no",),
            refers={"customer_no": "customer"},
            lines=("line_no", "item_no", "quantity", "price", "amount", "text"),
        ),
        Kind(
            "invoice",
            "invoice_no",
            "INV",
            (
                "order_no",
                "customer_no",
                "currency",
                "rate",
                "invoice_date",
                "due_date",
                "total",
                "tax",
                "open_amount",
                "state",
            ),
            refers={"order_no": "order", "customer_no": "customer"},
        ),
    )
}
