"""The canonical entities as data.

Every other module asks here what fields an entity has and what kind each is, so that a new field is one line in
one place. Values travel as canonical text (see `canonical.frames` for the typed form of each kind).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["text", "money", "decimal", "date", "bool", "ref", "lines"]


@dataclass(frozen=True, slots=True)
class Field:
    """One canonical field. `ref` names the entity a reference points to; personal values stay out of reports."""

    name: str
    kind: Kind
    description: str
    ref: str | None = None
    personal: bool = False


@dataclass(frozen=True, slots=True)
class EntityModel:
    """One canonical entity. `key_prefix` starts every golden id of it, so that an id says what it is.

    `mirrors` names the entity whose golden records this one shows in the CRM, as documents of the ERP.
    """

    name: str
    key_prefix: str
    fields: tuple[Field, ...]
    mirrors: str | None = None

    def field(self, name: str) -> Field:
        """The field of that name; KeyError when the entity has none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"{self.name} has no field '{name}'")

    def names(self, *kinds: Kind) -> tuple[str, ...]:
        """Field names in order, of the given kinds or of all."""
        return tuple(field.name for field in self.fields if not kinds or field.kind in kinds)


def _text(name: str, description: str, *, personal: bool = False) -> Field:
    return Field(name, "text", description, personal=personal)


def _money(name: str, description: str) -> Field:
    return Field(name, "money", description)


def _decimal(name: str, description: str) -> Field:
    return Field(name, "decimal", description)


def _date(name: str, description: str) -> Field:
    return Field(name, "date", description)


def _flag(name: str, description: str) -> Field:
    return Field(name, "bool", description)


def _ref(name: str, entity: str, description: str) -> Field:
    return Field(name, "ref", description, ref=entity)


def _address(kind: str) -> tuple[Field, ...]:
    return (
        _text(f"{kind}_street", f"Street lines of the {kind} address, newline between lines", personal=True),
        _text(f"{kind}_city", f"City of the {kind} address"),
        _text(f"{kind}_subdivision", f"State or province of the {kind} address, ISO 3166-2"),
        _text(f"{kind}_postcode", f"Postal code of the {kind} address"),
        _text(f"{kind}_country", f"Country of the {kind} address, ISO 3166-1 alpha-2"),
    )


CUSTOMER = EntityModel(
    "customer",
    "cust",
    (
        _text("name", "Name the company trades under"),
        _text("phone", "Main phone number, E.164", personal=True),
        _text("website", "Host without scheme and www, with its path if any"),
        _text("email", "Main e-mail address, lower case", personal=True),
        _text("tax_id", "Tax or VAT number in compact form", personal=True),
        *_address("billing"),
        *_address("shipping"),
        _text("payment_terms", "NET15, NET30, NET60 or RECEIPT"),
        _money("credit_limit", "Most the customer may owe, in its currency"),
        _flag("credit_hold", "Whether finance has stopped new orders of the customer"),
        _text("currency", "Currency the customer is billed in, ISO 4217"),
        _text("currencies", "Currencies the ERP takes orders of the customer in, ISO 4217 codes separated by commas"),
        _ref("parent", "customer", "Company this one belongs to"),
        _flag("active", "Whether the customer may still be sold to"),
        _text("tier", "Group of customers that policies name, such as Strategic"),
        _text("erp_number", "Customer number people see in the ERP"),
        _money("balance", "What the customer owes on open invoices, in company currency"),
        _money("overdue_balance", "What of it is past its due date, in company currency"),
        _decimal("days_overdue", "Days since the oldest unpaid invoice was due; 0 when nothing is overdue"),
        _money("unapplied_credit", "Payments, credits and deposits not applied, less refunds, in company currency"),
        _date("last_payment_date", "Last day on which money was received"),
        _money("last_payment_amount", "What was received on that day, in company currency"),
        _decimal("order_count", "Sales orders in the ERP, born there or not, without cancelled ones"),
        _text("last_order_number", "Number of the last one"),
        _date("last_order_date", "Date of the last one"),
    ),
)

CONTACT = EntityModel(
    "contact",
    "ct",
    (
        _text("first_name", "Given name", personal=True),
        _text("last_name", "Family name", personal=True),
        _text("email", "E-mail address, lower case", personal=True),
        _text("phone", "Phone number, E.164", personal=True),
        _text("title", "Job title"),
        _text("role", "Role at the customer, such as billing contact"),
        _flag("is_primary", "Whether this is the customer's main contact"),
        _ref("customer", "customer", "Company the person works for"),
    ),
)

PRODUCT = EntityModel(
    "product",
    "item",
    (
        _text("sku", "Code that identifies the product in both systems"),
        _text("name", "Name of the product"),
        _text("unit", "Unit it is sold in"),
        _text("category", "Family of products that policies name"),
        _money("price", "List price for one unit"),
        _text("currency", "Currency of the list price, ISO 4217"),
        _flag("active", "Whether the product may still be sold"),
    ),
)

ORDER = EntityModel(
    "order",
    "so",
    (
        _text("name", "Name of the deal"),
        _ref("customer", "customer", "Company that buys"),
        _text("currency", "Currency of the deal, ISO 4217"),
        _date("close_date", "Day the deal was won or is expected to be"),
        _money("amount", "Value of the deal, less every discount, without tax"),
        _decimal("discount", "Discount on the whole deal, in percent"),
        _text("stage", "Stage of the deal in the CRM"),
        _flag("won", "Whether the deal is won"),
        Field("lines", "lines", "What is sold, see LINE_FIELDS"),
        _text("order_number", "Number of the sales order in the ERP"),
        _text(
            "order_status",
            "pending_approval, pending_fulfillment, partially_fulfilled, pending_billing, billed, closed or cancelled",
        ),
        _money("erp_total", "Total of the sales order in the ERP, without tax"),
        _money("erp_tax", "Tax on the sales order in the ERP"),
        _text("invoice_number", "Number of the invoice, several separated by commas"),
        _text("invoice_status", "Status of the invoice, the worst one of several"),
        _money("invoiced", "Sum of the invoices of the order, with tax"),
        _money("invoiced_tax", "Tax in the invoices of the order"),
        _money("paid", "Sum of the payments on those invoices"),
        _money("credited", "Sum of the credits on those invoices"),
        _money("written_off", "What of those invoices was given up"),
        _money("reversed", "What of paid, credited and written off was voided again"),
        _money("open_balance", "What is still owed on those invoices"),
        _decimal("days_overdue", "Days since the oldest of what is owed was due; 0 when nothing is overdue"),
        _date("due_date", "Earliest due date of what is still owed"),
        _date("paid_date", "Day the last invoice was paid in full"),
    ),
)

INVOICE = EntityModel(
    "invoice",
    "inv",
    (
        _text("number", "Number of the invoice"),
        _ref("order", "order", "Sales order it bills, the one with the most of it where there are several"),
        _ref("customer", "customer", "Company that is billed"),
        _text("currency", "Currency of the invoice, ISO 4217"),
        _decimal("exchange_rate", "Company currency for one unit of the invoice's currency"),
        _date("invoice_date", "Date of the invoice"),
        _date("due_date", "Day payment is due"),
        _money("total", "Total including tax"),
        _money("tax", "Tax in the total"),
        _money("invoiced", "The total, or nothing of a draft or a void invoice"),
        _money("paid", "Sum of the payments and deposits applied, those that were reversed too"),
        _money("credited", "Sum of the credits applied, those that were reversed too"),
        _money("written_off", "What was given up, what was reversed too"),
        _money("reversed", "What of paid, credited and written off was voided after it had been applied"),
        _money("overpaid", "What was applied beyond what was invoiced"),
        _money(
            "open_balance", "What is still owed: invoiced - paid - credited - written off + reversed, never below 0"
        ),
        _money("erp_open_balance", "What the ERP itself says is owed, where its record is as new as what settles it"),
        _text("company_currency", "Currency of the company, ISO 4217"),
        _money("company_open_balance", "What is still owed in company currency, at the invoice's own rate"),
        _decimal("days_overdue", "Days since it was due while something is owed, else 0"),
        _text("status", "draft, open, partially_paid, paid, overdue, credited or void"),
        _date("paid_date", "Day it was settled in full"),
        Field("billed", "lines", "Which orders it bills, see BILLING_FIELDS"),
    ),
)

PAYMENT = EntityModel(
    "payment",
    "pay",
    (
        _text("kind", "payment, credit, write_off, deposit, deposit_application or refund"),
        _text("number", "Number of the document"),
        _ref("customer", "customer", "Company that paid, or is credited or refunded"),
        _date("date", "Date of the document"),
        _text("currency", "Currency of the document, ISO 4217"),
        _decimal("exchange_rate", "Company currency for one unit of the document's currency"),
        _money("amount", "Amount received, credited, applied or refunded"),
        _money("unapplied", "What of it settles nothing yet and was not refunded"),
        _text("item", "Item of its first line, which tells a write-off from a credit"),
        _flag("voided", "Whether it was voided"),
        Field("applications", "lines", "What it settles or uses up, see APPLICATION_FIELDS"),
    ),
)

EXCHANGE_RATE = EntityModel(
    "exchange_rate",
    "fx",
    (
        _text("base_currency", "Currency the rate is stated in, ISO 4217"),
        _text("currency", "Currency one unit of which is worth `rate` of the base currency, ISO 4217"),
        _date("rate_date", "Day the rate takes effect"),
        _decimal("rate", "Base currency for one unit of the currency"),
        _text("source", "System or publisher the rate comes from"),
    ),
)

ORDER_MIRROR = EntityModel(
    "order_mirror",
    "mso",
    (
        _text("number", "Number of the sales order in the ERP"),
        _text("name", "Name of the deal, or the number where there is none"),
        _ref("customer", "customer", "Company that buys"),
        _ref("deal", "order", "Deal that it was made from, where the CRM has one"),
        _text("currency", "Currency of the order, ISO 4217"),
        _date("order_date", "Date of the order"),
        _text("order_status", "Status of the order; cancelled also where the ERP has deleted it"),
        _money("subtotal", "Total without tax"),
        _money("tax", "Tax on the order"),
        _money("total", "Total with tax"),
        _text("invoice_status", "Status of its invoices, the worst one of several"),
        _money("invoiced", "Sum of its invoices, with tax"),
        _money("paid", "Sum of the payments on them"),
        _money("credited", "Sum of the credits on them"),
        _money("written_off", "What of them was given up"),
        _money("reversed", "What of paid, credited and written off was voided again"),
        _money("open_balance", "What is still owed on them"),
    ),
    mirrors="order",
)

INVOICE_MIRROR = EntityModel(
    "invoice_mirror",
    "minv",
    (
        _text("number", "Number of the invoice"),
        _ref("customer", "customer", "Company that is billed"),
        _ref("deal", "order", "Deal that it bills the most of, where the CRM has one"),
        _text("currency", "Currency of the invoice, ISO 4217"),
        _date("invoice_date", "Date of the invoice"),
        _date("due_date", "Day payment is due"),
        _money("total", "Total including tax"),
        _money("tax", "Tax in the total"),
        _money("paid", "Sum of the payments and deposits applied, those that were reversed too"),
        _money("credited", "Sum of the credits applied, those that were reversed too"),
        _money("written_off", "What was given up, what was reversed too"),
        _money("reversed", "What of paid, credited and written off was voided after it had been applied"),
        _money("open_balance", "What is still owed"),
        _text("status", "Status of the invoice; void also where the ERP has deleted it"),
        _text("phase", "draft, open, paid or void: the status in fewer words, for CRMs that know no others"),
        _date("paid_date", "Day it was settled in full"),
        _flag("billable", "Never true: the CRM neither sends it nor takes money for it"),
    ),
    mirrors="invoice",
)

ENTITIES: Mapping[str, EntityModel] = MappingProxyType(
    {
        model.name: model
        for model in (
            CUSTOMER,
            CONTACT,
            PRODUCT,
            ORDER,
            INVOICE,
            PAYMENT,
            EXCHANGE_RATE,
            ORDER_MIRROR,
            INVOICE_MIRROR,
        )
    }
)
MIRRORS = tuple(model.name for model in ENTITIES.values() if model.mirrors)
"""The entities that show ERP documents in the CRM; the ERP owns all of their fields."""

LINE_FIELDS: tuple[Field, ...] = (
    _decimal("position", "Place of the line in the order, from 1"),
    _ref("product", "product", "Product that is sold"),
    _text("product_text", "What the deal calls the product when it names no catalogue product"),
    _decimal("quantity", "Units sold"),
    _money("unit_price", "Price for one unit after discount"),
    _decimal("discount", "Discount in percent"),
    _money("list_price", "Price for one unit before any discount"),
    _money("amount", "Quantity times unit price"),
    _text("description", "Text of the line"),
)

APPLICATION_FIELDS: tuple[Field, ...] = (
    _ref("invoice", "invoice", "Invoice that is settled"),
    _ref("payment", "payment", "Payment, credit or deposit that is refunded, or deposit that is applied"),
    _money("amount", "How much of it"),
)

BILLING_FIELDS: tuple[Field, ...] = (
    _ref("order", "order", "Sales order that is billed"),
    _money("amount", "How much of it, without tax"),
)

CHILD_FIELDS: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {"order": LINE_FIELDS, "invoice": BILLING_FIELDS, "payment": APPLICATION_FIELDS}
)

ORDER_STATUSES = (
    "pending_approval",
    "pending_fulfillment",
    "partially_fulfilled",
    "pending_billing",
    "billed",
    "closed",
    "cancelled",
)
INVOICE_STATUSES = ("draft", "open", "partially_paid", "paid", "overdue", "credited", "void")
INVOICE_PHASES = ("draft", "open", "paid", "void")
PAYMENT_TERMS = ("NET15", "NET30", "NET60", "RECEIPT")
PAYMENT_KINDS = ("payment", "credit", "write_off", "deposit", "deposit_application", "refund")
