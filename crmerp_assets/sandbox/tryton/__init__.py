"""Tryton itself, as the ERP of demo, dev and tests: installed from PyPI into an environment of its own.

Tryton is GPL-3: it runs as a process of its own and is never imported. `demo.py` and `serve.py` are scripts for its
interpreter.
"""

from crmerp_assets.sandbox.tryton.server import TrytonServer

__all__ = ["TrytonServer"]
