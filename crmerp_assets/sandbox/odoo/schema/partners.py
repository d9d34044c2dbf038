"""Partners: companies, their people and their addresses are one model."""

from typing import Any

from crmerp_assets.sandbox.odoo.schema.fields import (
    Field,
    Model,
    boolean,
    char,
    children,
    choice,
    integer,
    many,
    monetary,
    one,
    shown,
)


def models(version: float) -> list[Model]:
    return [
        Model("res.partner", "Contact", _partner(version), order="name, id"),
        Model(
            "base.partner.merge.automatic.wizard",
            "Merge Partner Wizard",
            {"partner_ids": many("res.partner", "Contacts"), "dst_partner_id": one("res.partner", "Destination")},
            rec_name="id",
            transient=True,
        ),
    ]


def _partner(version: float) -> dict[str, Field]:
    old = {"mobile": char("Mobile")} if version < 19 else {}
    return {
        "name": char("Name"),
        "is_company": boolean("Is a Company"),
        "company_type": choice("Company Type", "person", "company", compute=_company_type),
        "parent_id": one("res.partner", "Related Company"),
        "commercial_partner_id": Field(
            "many2one", "Commercial Entity", "res.partner", compute=_commercial, readonly=True
        ),
        "child_ids": children("res.partner", "parent_id", "Contact"),
        "ref_company_ids": children("res.company", "partner_id", "Companies that refers to partner"),
        "type": choice("Address Type", "contact", "invoice", "delivery", "other", default="contact"),
        "email": char("Email"),
        "phone": char("Phone"),
        **old,
        "website": char("Website Link"),
        "vat": char("Tax ID"),
        "function": char("Job Position"),
        "street": char("Street"),
        "street2": char("Street2"),
        "city": char("City"),
        "zip": char("Zip"),
        "state_id": one("res.country.state", "State"),
        "country_id": one("res.country", "Country"),
        "lang": char("Language"),
        "tz": char("Timezone"),
        "ref": char("Reference"),
        "active": boolean("Active", default=True),
        "customer_rank": integer("Customer Rank"),
        "use_partner_credit_limit": boolean("Partner Limit"),
        "credit_limit": monetary("Credit Limit"),
        "credit": monetary("Total Receivable", compute=_receivable, readonly=True),
        "currency_id": Field("many2one", "Currency", "res.currency", compute=_currency, readonly=True),
        "property_payment_term_id": one("account.payment.term", "Customer Payment Terms"),
        "property_product_pricelist": one("product.pricelist", "Pricelist"),
        "company_id": one("res.company", "Company"),
        "country_code": shown("country_id.code", "char", string="Country Code"),
        "comment": Field("html", "Notes"),
    }


def _company_type(env: Any, ids: list[int]) -> dict[int, Any]:
    return {row["id"]: "company" if row["is_company"] else "person" for row in env.rows("res.partner", ids)}


def _commercial(env: Any, ids: list[int]) -> dict[int, Any]:
    """The company that a person or an address belongs to; a company, or whoever has none, stands for itself."""
    rows = env.rows("res.partner", ids)
    found = {row["id"]: row["id"] for row in rows if row["is_company"] or not row["parent_id"]}
    below = [row for row in rows if row["id"] not in found]
    above = _commercial(env, [row["parent_id"] for row in below]) if below else {}
    return found | {row["id"]: above.get(row["parent_id"]) for row in below}


def _currency(env: Any, ids: list[int]) -> dict[int, Any]:
    return dict.fromkeys(ids, env.company["currency_id"])


def _receivable(env: Any, ids: list[int]) -> dict[int, Any]:
    """What is open on posted receivable lines, in company currency; nothing of it is stored."""
    sql = (
        "SELECT l.partner_id, SUM(l.amount_residual) FROM account_move_line l JOIN account_move m ON m.id = l.move_id "
        "WHERE m.state = 'posted' AND l.account_type = 'asset_receivable' GROUP BY l.partner_id"
    )
    open_ = {partner: round(total or 0.0, 2) for partner, total in env.store.rows(sql)}
    return {id_: open_.get(id_, 0.0) for id_ in ids}
