"""Technical models: users, companies, currencies, countries, external ids, fields."""

from crmerp_assets.sandbox.odoo.schema.fields import Model, boolean, char, choice, integer, moment, number, one
from crmerp_assets.sandbox.odoo.schema.fields import date as day


def models() -> list[Model]:
    return [*_users(), *_money(), *_places(), *_technical()]


def _users() -> list[Model]:
    return [
        Model(
            "res.users",
            "User",
            {
                "login": char("Login", required=True),
                "name": char("Name"),
                "partner_id": one("res.partner", "Related Partner"),
                "company_id": one("res.company", "Company"),
                "active": boolean("Active", default=True),
                "lang": char("Language", default="en_US"),
                "tz": char("Timezone", default="UTC"),
            },
        ),
        Model(
            "res.users.apikeys",
            "Users API Keys",
            {
                "name": char("Description", required=True),
                "user_id": one("res.users", "Owner", required=True),
                "scope": char("Scope"),
                "expiration_date": moment("Expiration Date"),
                "key_hash": char("Key"),
            },
        ),
        Model(
            "res.company",
            "Companies",
            {
                "name": char("Company Name", required=True),
                "partner_id": one("res.partner", "Partner"),
                "currency_id": one("res.currency", "Currency", required=True),
                "tax_calculation_rounding_method": choice("Rounding", "round_per_line", "round_globally"),
                "account_sale_tax_id": one("account.tax", "Default Sale Tax"),
            },
        ),
    ]


def _money() -> list[Model]:
    return [
        Model(
            "res.currency",
            "Currency",
            {
                "name": char("Currency", required=True),
                "full_name": char("Name"),
                "symbol": char("Symbol"),
                "decimal_places": integer("Decimal Places", default=2),
                "active": boolean("Active", default=True),
            },
            order="active desc, name",
        ),
        Model(
            "res.currency.rate",
            "Currency Rate",
            {
                "name": day("Date", required=True),
                "currency_id": one("res.currency", "Currency", required=True),
                "company_id": one("res.company", "Company"),
                "rate": number("Technical Rate", digits=12),
                "company_rate": number("Company Rate", compute=_company_rate),
                "inverse_company_rate": number("Inverse Company Rate", compute=_inverse_rate),
            },
            order="name desc, id",
        ),
    ]


def _company_rate(env, ids):  # type: ignore[no-untyped-def]
    return {row["id"]: row["rate"] for row in env.rows("res.currency.rate", ids)}


def _inverse_rate(env, ids):  # type: ignore[no-untyped-def]
    return {row["id"]: round(1 / row["rate"], 12) if row["rate"] else 0.0 for row in env.rows("res.currency.rate", ids)}


def _places() -> list[Model]:
    return [
        Model("res.country", "Country", {"name": char("Country Name", required=True), "code": char("Country Code")}),
        Model(
            "res.country.state",
            "Country state",
            {
                "name": char("State Name", required=True),
                "code": char("State Code", required=True),
                "country_id": one("res.country", "Country", required=True),
            },
        ),
    ]


def _technical() -> list[Model]:
    return [
        Model(
            "ir.model.data",
            "Model Data",
            {
                "module": char("Module", required=True, default=""),
                "name": char("External Identifier", required=True),
                "model": char("Model Name", required=True),
                "res_id": integer("Record ID"),
                "noupdate": boolean("Non Updatable"),
            },
            order="module, model, name",
        ),
        Model(
            "ir.model",
            "Models",
            {
                "model": char("Model", required=True),
                "name": char("Model Description"),
                "transient": boolean(),
                "abstract": boolean(),
            },
            order="model",
        ),
        Model(
            "ir.model.fields",
            "Fields",
            {
                "name": char("Field Name", required=True),
                "model_id": one("ir.model", "Model", required=True),
                "model": char("Model Name"),
                "field_description": char("Field Label", default=""),
                "ttype": char("Field Type", required=True),
                "state": choice("Type", "manual", "base", default="manual"),
                "size": integer("Size"),
                "selection": char("Selection"),
            },
            order="name",
        ),
    ]
