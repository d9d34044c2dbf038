"""Make the demo company: `python demo.py CONFIG DATABASE ADMIN_PASSWORD INTEGRATION_PASSWORD`.

Run by the interpreter of that environment and by nothing else; nothing of it is part of the package.
"""

import datetime
import os
import sys
from decimal import Decimal

CONFIG, DATABASE, ADMIN_PASSWORD, PASSWORD = sys.argv[1:5]
os.environ["DB_NAME"] = DATABASE

from proteus import Model  # noqa: E402
from proteus import config as proteus_config  # noqa: E402

CFG = proteus_config.set_trytond(config_file=CONFIG)

import trytond.res.user as res_user  # noqa: E402
from pwdlib import PasswordHash  # noqa: E402
from pwdlib.hashers.argon2 import Argon2Hasher  # noqa: E402
from trytond.modules.account.tests.tools import (  # noqa: E402
    create_chart,
    create_fiscalyear,
    create_tax,
    get_accounts,
)
from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences  # noqa: E402
from trytond.modules.company.tests.tools import create_company, get_company  # noqa: E402

# Passwords of a demo need not take half a second each to check; serve.py does the same.
res_user.PASSWORD_HASH = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)])

COUNTRIES = {
    "US": "United States",
    "DE": "Germany",
    "GB": "United Kingdom",
    "FR": "France",
    "CA": "Canada",
    "JP": "Japan",
}
SUBDIVISIONS = {"US-CA": "California", "US-NY": "New York", "US-TX": "Texas", "US-MA": "Massachusetts"}
CURRENCIES = {"EUR": "0.8", "GBP": "0.64", "JPY": "160", "CAD": "1.6"}
TERMS = {"Net 15": 15, "Net 30": 30, "Net 60": 60, "Due on receipt": 0}


def places() -> None:
    Country, Subdivision = Model.get("country.country"), Model.get("country.subdivision")
    made = {}
    for code, name in COUNTRIES.items():
        made[code] = Country(name=name, code=code)
        made[code].save()
    for code, name in SUBDIVISIONS.items():
        Subdivision(name=name, code=code, type="state", country=made[code[:2]]).save()


def currencies() -> None:
    Currency, Rate = Model.get("currency.currency"), Model.get("currency.currency.rate")
    for code, rate in CURRENCIES.items():
        whole = code == "JPY"
        currency = Currency(name=code, code=code, rounding=Decimal(1) if whole else Decimal("0.01"))
        currency.digits = 0 if whole else 2
        currency.save()
        Rate(currency=currency, date=datetime.date(2020, 1, 1), rate=Decimal(rate)).save()


def company_of(user_name: str) -> None:
    User, company = Model.get("res.user"), get_company()
    (user,) = User.find([("login", "=", user_name)])
    user.companies.append(company)
    user.company = company
    user.save()


def administrator() -> None:
    (user,) = Model.get("res.user").find([("login", "=", "admin")])
    user.password = ADMIN_PASSWORD
    user.save()


def integration() -> None:
    """Every right but those of an administrator."""
    User, Group = Model.get("res.user"), Model.get("res.group")
    user = User(name="Integration", login="integration", password=PASSWORD)
    for group in Group.find([("name", "!=", "Administration")]):
        user.groups.append(Group(group.id))
    user.save()
    company_of("integration")


def books() -> None:
    today = datetime.date.today()
    years = (datetime.date(today.year - 1, 1, 1), datetime.date(today.year + 1, 12, 31))
    fiscalyear = set_fiscalyear_invoice_sequences(create_fiscalyear(today=years))
    fiscalyear.save()
    fiscalyear.click("create_period")
    accounts = get_accounts()
    Journal, Method = Model.get("account.journal"), Model.get("account.invoice.payment.method")
    (cash,) = Journal.find([("type", "=", "cash")])
    Method(name="Cash", journal=cash, credit_account=accounts["cash"], debit_account=accounts["cash"]).save()
    exchange = Journal(name="Currency exchange", code="EXC", type="write-off")
    exchange.save()
    Configuration = Model.get("account.configuration")
    configuration = Configuration(1)
    configuration.currency_exchange_journal = exchange
    configuration.currency_exchange_credit_account = accounts["revenue"]
    configuration.currency_exchange_debit_account = accounts["expense"]
    configuration.save()


def terms() -> None:
    Term = Model.get("account.invoice.payment_term")
    for name, days in TERMS.items():
        term = Term(name=name)
        line = term.lines.new(type="remainder")
        line.relativedeltas.new(days=days)
        term.save()


def products() -> None:
    """SKU-0 and SKU-1 without tax, SKU-2 with 10 %."""
    accounts = get_accounts()
    Category, Uom, Template = Model.get("product.category"), Model.get("product.uom"), Model.get("product.template")
    tax = create_tax(Decimal(".10"))
    tax.save()
    plain = Category(name="Services", accounting=True)
    plain.account_expense, plain.account_revenue = accounts["expense"], accounts["revenue"]
    plain.save()
    taxed = Category(name="Taxed services", accounting=True)
    taxed.account_expense, taxed.account_revenue = accounts["expense"], accounts["revenue"]
    taxed.customer_taxes.append(tax)
    taxed.save()
    (unit,) = Uom.find([("name", "=", "Unit")])
    for number in range(3):
        template = Template(name=f"Product {number}", default_uom=unit, type="service", salable=True)
        template.list_price = Decimal(10)
        template.account_category = taxed if number == 2 else plain
        (product,) = template.products
        product.suffix_code = f"SKU-{number}"
        template.save()


places()
create_company()
company_of("admin")
CFG._context = Model.get("res.user").get_preferences(True, {})
create_chart()
books()
currencies()
terms()
products()
administrator()
integration()
