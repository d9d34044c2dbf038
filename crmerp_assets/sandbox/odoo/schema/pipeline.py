"""Leads and opportunities, the stages they go through, and the teams that sell: the apps CRM and Sales together."""

from typing import Any

from crmerp_assets.sandbox.odoo.schema.fields import (
    Field,
    Model,
    boolean,
    char,
    children,
    choice,
    date,
    integer,
    many,
    moment,
    monetary,
    number,
    one,
)


def models(version: float) -> list[Model]:
    return [
        Model("crm.stage", "CRM Stages", _stage(version), order="sequence, name, id"),
        Model(
            "crm.lost.reason",
            "Opp. Lost Reason",
            {"name": char("Description", required=True), "active": boolean("Active", default=True)},
        ),
        Model(
            "crm.team",
            "Sales Team",
            {
                "name": char("Sales Team", required=True),
                "active": boolean("Active", default=True),
                "company_id": one("res.company", "Company"),
                "user_id": one("res.users", "Team Leader"),
            },
        ),
        Model("crm.lead", "Lead", _lead(version), order="priority desc, id desc"),
        Model(
            "crm.merge.opportunity",
            "Merge Opportunities",
            {
                "opportunity_ids": many("crm.lead", "Leads/Opportunities"),
                "user_id": one("res.users", "Salesperson"),
                "team_id": one("crm.team", "Sales Team"),
            },
            rec_name="id",
            transient=True,
        ),
    ]


def _stage(version: float) -> dict[str, Field]:
    """A stage is that of one team until version 18, and of several from 19 on."""
    teams = {"team_ids": many("crm.team", "Sales Teams")} if version >= 19 else {"team_id": one("crm.team", "Team")}
    return {
        "name": char("Stage Name", required=True),
        "sequence": integer("Sequence", default=1),
        "is_won": boolean("Is Won Stage?"),
        "fold": boolean("Folded in Pipeline"),
        **teams,
    }


def _lead(version: float) -> dict[str, Field]:
    status = {"won_status": choice("Is Won", "won", "lost", "pending", compute=_won_status)} if version >= 19 else {}
    return {
        "name": char("Opportunity", required=True),
        "type": choice("Type", "lead", "opportunity", default="opportunity", required=True),
        "active": boolean("Active", default=True),
        "priority": choice("Priority", "0", "1", "2", "3", default="0"),
        "partner_id": one("res.partner", "Customer"),
        "partner_name": char("Company Name"),
        "contact_name": char("Contact Name"),
        "email_from": char("Email"),
        "phone": char("Phone"),
        "user_id": one("res.users", "Salesperson"),
        "team_id": one("crm.team", "Sales Team"),
        "company_id": one("res.company", "Company"),
        "stage_id": one("crm.stage", "Stage"),
        "probability": number("Probability", digits=2),
        "automated_probability": number("Automated Probability", digits=2, readonly=True),
        "expected_revenue": monetary("Expected Revenue", digits=2),
        "company_currency": Field("many2one", "Currency", "res.currency", compute=_currency, readonly=True),
        "date_deadline": date("Expected Closing"),
        "date_closed": moment("Closed Date", readonly=True),
        "lost_reason_id": one("crm.lost.reason", "Lost Reason"),
        "description": Field("html", "Notes"),
        "order_ids": children("sale.order", "opportunity_id", "Orders"),
        **status,
    }


def _currency(env: Any, ids: list[int]) -> dict[int, Any]:
    return dict.fromkeys(ids, env.company["currency_id"])


def _won_status(env: Any, ids: list[int]) -> dict[int, Any]:
    rows = env.rows("crm.lead", ids)
    won = {row["id"] for row in env.rows("crm.stage", {row["stage_id"] for row in rows}) if row["is_won"]}

    def status(row: dict[str, Any]) -> str:
        if row["probability"] == 100 and row["stage_id"] in won:
            return "won"
        return "lost" if not row["active"] and row["probability"] == 0 else "pending"

    return {row["id"]: status(row) for row in rows}
