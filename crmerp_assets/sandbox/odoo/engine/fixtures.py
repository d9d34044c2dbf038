"""What a new database holds: one company, its users, currencies, countries, terms, units and journals."""

from crmerp_assets.sandbox.odoo.engine import orm
from crmerp_assets.sandbox.odoo.engine.database import Database
from crmerp_assets.sandbox.odoo.engine.env import Env
from crmerp_assets.sandbox.odoo.engine.places import COUNTRIES, CURRENCIES, STATES

TERMS = {"Immediate Payment": 0, "15 Days": 15, "30 Days": 30, "45 Days": 45, "60 Days": 60}


def install(database: Database) -> None:
    """Fill a database that is new; leave one that is not."""
    if database.store.row("SELECT 1 FROM res_company"):
        return
    env = Env(database, 1, sudo=True)
    with database.transaction():
        _currencies(env)
        _company(env)
        _lists(env)
        _pipeline(env)
        _models(env)
        sql = "INSERT OR REPLACE INTO sequences SELECT 'base:' || ?, COALESCE(MAX(id), 0) FROM "
        for name in ("res.partner", "product.product", "product.template"):
            database.store.db.execute(sql + database.models[name].table, (name,))


def _currencies(env: Env) -> None:
    rows = [{"name": code, "full_name": name, "symbol": code, "decimal_places": n} for code, name, n in CURRENCIES]
    orm.create(env, "res.currency", rows)


def _company(env: Env) -> None:
    options = env.database.options
    currency = env.where("res.currency", "name = ?", (options.currency,))[0]["id"]
    company = {"name": "My Company", "currency_id": currency, "tax_calculation_rounding_method": options.rounding}
    orm.create(env, "res.company", [company])
    partner, robot, caller = orm.create(
        env,
        "res.partner",
        [{"name": "My Company", "is_company": True}, {"name": "OdooBot"}, {"name": "Integration"}],
    )
    env.put("res.company", 1, {"partner_id": partner})
    users = [("__system__", robot), ("integration", caller)]
    orm.create(
        env, "res.users", [{"login": login, "name": login, "partner_id": p, "company_id": 1} for login, p in users]
    )
    if options.tax_rate is not None:
        (tax,) = orm.create(env, "account.tax", [{"name": f"{options.tax_rate:g}%", "amount": options.tax_rate}])
        env.put("res.company", 1, {"account_sale_tax_id": tax})


def _lists(env: Env) -> None:
    ids = orm.create(env, "res.country", [{"code": code, "name": name} for code, name in COUNTRIES])
    by_code = {code: id_ for (code, _), id_ in zip(COUNTRIES, ids, strict=True)}
    states = [{"country_id": by_code[country], "code": code, "name": name} for country, code, name in STATES]
    orm.create(env, "res.country.state", states)
    orm.create(env, "account.payment.term", [{"name": name, "days": days} for name, days in TERMS.items()])
    orm.create(env, "uom.uom", [{"name": name} for name in ("Units", "Hours", "Days", "kg", "m", "L")])
    orm.create(env, "product.category", [{"name": "Goods"}])
    journals = [("Customer Invoices", "INV", "sale"), ("Bank", "BNK1", "bank"), ("Cash", "CSH1", "cash")]
    orm.create(env, "account.journal", [{"name": n, "code": c, "type": t} for n, c, t in journals])
    own = env.company["currency_id"]
    currencies = sorted(env.where("res.currency", "1"), key=lambda row: row["id"] != own)
    rows = [{"name": f"Default {row['name']}", "currency_id": row["id"]} for row in currencies]
    orm.create(env, "product.pricelist", rows)


def _pipeline(env: Env) -> None:
    """The stages, the team and the reasons that a new database has."""
    stages = [("New", 1, False), ("Qualified", 2, False), ("Proposition", 3, False), ("Won", 70, True)]
    orm.create(env, "crm.stage", [{"name": n, "sequence": at, "is_won": won} for n, at, won in stages])
    orm.create(env, "crm.team", [{"name": "Sales"}])
    reasons = ("Too expensive", "We don't have people/skills", "Not enough stock")
    orm.create(env, "crm.lost.reason", [{"name": reason} for reason in reasons])


def _models(env: Env) -> None:
    rows = [{"model": m.name, "name": m.label, "transient": m.transient} for m in env.database.models.values()]
    orm.create(env, "ir.model", rows)
