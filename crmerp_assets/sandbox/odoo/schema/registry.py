"""All models of one version of Odoo."""

from crmerp_assets.sandbox.odoo.schema import accounting, catalogue, partners, pipeline, sales, system
from crmerp_assets.sandbox.odoo.schema.fields import Field, Model, char, moment, one


def models(version: float) -> dict[str, Model]:
    """The models by name, each with the fields that every record has."""
    found = [
        *system.models(),
        *partners.models(version),
        *catalogue.models(),
        *sales.models(version),
        *pipeline.models(version),
        *accounting.models(version),
    ]
    for model in found:
        model.fields = {**_magic(model), **model.fields}
    return {model.name: model for model in found}


def _magic(model: Model) -> dict[str, Field]:
    common = {
        "id": Field("integer", "ID", readonly=True),
        "create_date": moment("Created on", readonly=True),
        "create_uid": one("res.users", "Created by", readonly=True),
        "write_date": moment("Last Updated on", readonly=True),
        "write_uid": one("res.users", "Last Updated by", readonly=True),
    }
    name = model.rec_name

    def display(env, ids):  # type: ignore[no-untyped-def]
        return env.names(model.name, ids)

    return common | ({} if name == "display_name" else {"display_name": char("Display Name", compute=display)})
