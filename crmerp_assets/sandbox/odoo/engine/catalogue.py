"""Products: the variant follows its template, and a template has one variant; partners: what a person may not lack."""

from typing import Any

from crmerp_assets.sandbox.odoo.engine import orm
from crmerp_assets.sandbox.odoo.engine.env import Env
from crmerp_assets.sandbox.odoo.engine.rules import Row, Rules, Vals, register
from crmerp_assets.sandbox.odoo.errors import validation_error, value_error
from crmerp_assets.sandbox.odoo.schema import Field


class TemplateRules(Rules):
    """Defaults of the company, and the variant."""

    def prepare(self, env: Env, vals: Vals) -> Vals:
        tax = env.company["account_sale_tax_id"]
        return {"uom_id": 1, "categ_id": 1, "taxes_id": [tax] if tax else []} | vals

    def saved(self, env: Env, ids: list[int], names: set[str], created: bool) -> None:
        for template in env.rows("product.template", ids):
            variants = env.where("product.product", "product_tmpl_id = ?", (template["id"],))
            if created and not variants:
                made = orm.create(env, "product.product", [{"product_tmpl_id": template["id"]}])
                env.put("product.template", template["id"], {"product_variant_id": made[0]})
            for variant in variants:
                own = {"active": template["active"]} if "active" in names else {}
                env.put("product.product", variant["id"], own)


class VariantRules(Rules):
    """A template knows its variant."""

    def saved(self, env: Env, ids: list[int], names: set[str], created: bool) -> None:
        if created:
            for variant in env.rows("product.product", ids):
                env.put(
                    "product.template", variant["product_tmpl_id"], {"product_variant_id": variant["id"]}, touch=False
                )


class PartnerRules(Rules):
    """A contact needs a name; an address of another kind does not. A website gets a scheme."""

    def prepare(self, env: Env, vals: Vals) -> Vals:
        kind = vals.pop("company_type", None)
        vals |= {"is_company": kind == "company"} if kind else {}
        self._check(vals.get("type") or "contact", vals.get("name"))
        return self._tidy(vals)

    def changing(self, env: Env, rows: list[Row], vals: Vals) -> Vals:
        for row in rows:
            self._check(vals.get("type", row["type"]), vals.get("name", row["name"]))
            if vals.get("parent_id") == row["id"]:
                raise validation_error("Recursion Detected.")
        return self._tidy(vals)

    @staticmethod
    def _check(kind: Any, name: Any) -> None:
        if kind == "contact" and not name:
            raise validation_error("The operation cannot be completed: Contacts require a name")

    @staticmethod
    def _tidy(vals: Vals) -> Vals:
        site = vals.get("website")
        if site and "://" not in site:
            vals["website"] = f"http://{site}"
        if vals.get("credit_limit") and "use_partner_credit_limit" not in vals:
            vals["use_partner_credit_limit"] = True
        return vals


class FieldRules(Rules):
    """Custom fields, as Settings > Technical > Fields makes them."""

    def prepare(self, env: Env, vals: Vals) -> Vals:
        name, model = str(vals.get("name") or ""), env.row("ir.model", int(vals["model_id"]))["model"]
        if not name.startswith("x_"):
            raise validation_error("Custom fields must have a name that starts with 'x_'!")
        if name in env.model(model).fields:
            raise validation_error(f"Field names must be unique per model ({name})")
        kind = str(vals.get("ttype"))
        if kind not in ("char", "text", "integer", "float", "monetary", "boolean", "date", "datetime", "selection"):
            raise value_error(f"Wrong value for ir.model.fields.ttype: {kind!r}")
        label = vals.get("field_description") or name
        env.database.add_field(model, name, Field(kind, label, custom=True, size=vals.get("size")))
        return {**vals, "model": model, "field_description": label}


class ExternalIdRules(Rules):
    """(module, name) is unique."""

    def prepare(self, env: Env, vals: Vals) -> Vals:
        same = (vals.get("module") or "", vals["name"])
        if env.where("ir.model.data", "module = ? AND name = ?", same):
            raise validation_error("The operation cannot be completed: External IDs must be unique per module")
        return vals


register("product.template", TemplateRules())
register("product.product", VariantRules())
register("res.partner", PartnerRules())
register("ir.model.fields", FieldRules())
register("ir.model.data", ExternalIdRules())
