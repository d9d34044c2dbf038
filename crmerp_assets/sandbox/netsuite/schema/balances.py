"""What a customer owes, computed when it is read: that is why it never touches `lastmodifieddate`.

From the vendor's help: the balance is what is open on invoices less what is not applied of payments and credit memos;
deposits are a liability of their own until they are applied; unbilled orders are what is ordered and not yet billed.
Assumed: unbilled lines count with the order's tax and header discount in proportion, and orders pending approval count.
SuiteQL has `balancesearch`, `overduebalancesearch` and `unbilledorderssearch`; we know of no column for the deposits,
so `depositbalance` is in the REST record only and SuiteQL has to add up the open amounts of type CustDep.
"""

_OPEN = "('A', 'B', 'D', 'E', 'F')"
_BALANCE = """SELECT ROUND(SUM(t.foreignamountunpaid * CASE t.type WHEN 'CustInvc' THEN 1 ELSE -1 END), 6)
    FROM "transaction" t WHERE t.entity = {entity} AND t.type IN ('CustInvc', 'CustPymt', 'CustCred') {more}"""
_OVERDUE = """SELECT ROUND(SUM(t.foreignamountunpaid), 6) FROM "transaction" t
    WHERE t.entity = {entity} AND t.type = 'CustInvc' AND t.duedate < sandbox_today() {more}"""
_DEPOSITS = """SELECT ROUND(SUM(t.foreignamountunpaid), 6) FROM "transaction" t
    WHERE t.entity = {entity} AND t.type = 'CustDep' {more}"""
_UNBILLED = f"""SELECT ROUND(SUM(t.foreigntotal * (SELECT
        SUM(CASE l.isclosed WHEN 'T' THEN 0 ELSE l.foreignamount * (1 + COALESCE(l.quantitybilled, 0) / l.quantity) END)
            / NULLIF(SUM(l.foreignamount), 0)
        FROM transactionline l WHERE l."transaction" = t.id AND l.mainline = 'F' AND l.taxline = 'F' AND l.quantity < 0
    )), 3) FROM "transaction" t WHERE t.entity = {{entity}} AND t.type = 'SalesOrd' AND t.status IN {_OPEN} {{more}}"""

AMOUNTS = {
    "balancesearch": _BALANCE,
    "overduebalancesearch": _OVERDUE,
    "unbilledorderssearch": _UNBILLED,
    "depositbalance": _DEPOSITS,
}


def amount(name: str, entity: str, more: str = "") -> str:
    """One of AMOUNTS as SQL for a customer; `more` is a further condition on the transactions `t`."""
    return f"COALESCE(({AMOUNTS[name].format(entity=entity, more=more)}), 0.0)"


CUSTOMER_VIEW = (
    "CREATE VIEW customer AS SELECT stored.*, "
    + ", ".join(f"{amount(name, 'stored.id')} AS {name}" for name in AMOUNTS)
    + " FROM customer_stored stored"
)
