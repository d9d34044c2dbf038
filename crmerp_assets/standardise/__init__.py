"""Value cleaning: a polars expression in, a polars expression out.

`TRANSFORMS` names every transform the mapping matrix may use.
"""

from crmerp_assets.standardise.registry import TRANSFORMS, Transform

__all__ = ["TRANSFORMS", "Transform"]
