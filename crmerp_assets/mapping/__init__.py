"""The mapping matrix: what every canonical field is called in every system, who decides it, and the way in and out.

`load_matrix` and `load_governance` read the YAML, the user's on top of the packaged one. `inbound` turns native rows
into canonical text, `outbound` canonical changes into native values, `fits` says what would not fit.
"""

from crmerp_assets.mapping.catalog import load_governance, load_matrix
from crmerp_assets.mapping.compile import (
    Retirement,
    child_lists,
    native_fields,
    raw_columns,
    retirement,
    sendable,
    writable,
)
from crmerp_assets.mapping.document import ConfigurationError
from crmerp_assets.mapping.fits import fits, misfits
from crmerp_assets.mapping.governance import MASK, EntityRules, FieldRule
from crmerp_assets.mapping.inbound import MissingColumnsError, inbound
from crmerp_assets.mapping.lineage import lineage
from crmerp_assets.mapping.lint import LintFinding, lint
from crmerp_assets.mapping.matrix import EntityMap, FieldMap, LineMap, Matrix
from crmerp_assets.mapping.needs import FieldNeed, field_needs
from crmerp_assets.mapping.outbound import REF, NativeValue, outbound
from crmerp_assets.mapping.projection import Projection, projection
from crmerp_assets.mapping.provision import FieldToProvision, fields_to_provision

__all__ = [
    "MASK",
    "REF",
    "ConfigurationError",
    "EntityMap",
    "EntityRules",
    "FieldMap",
    "FieldNeed",
    "FieldRule",
    "FieldToProvision",
    "LineMap",
    "LintFinding",
    "Matrix",
    "MissingColumnsError",
    "NativeValue",
    "Projection",
    "Retirement",
    "child_lists",
    "field_needs",
    "fields_to_provision",
    "fits",
    "inbound",
    "lineage",
    "lint",
    "load_governance",
    "load_matrix",
    "misfits",
    "native_fields",
    "outbound",
    "projection",
    "raw_columns",
    "retirement",
    "sendable",
    "writable",
]
