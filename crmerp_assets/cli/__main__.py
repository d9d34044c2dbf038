"""`python -m crmerp_assets.cli` is `crmerp`."""

from crmerp_assets.cli.main import main

main()
