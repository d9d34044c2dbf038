"""The month-end close against both sandboxes: each break with its reason and owner, in both currencies, as files."""

from typer.testing import CliRunner
from world import GO_LIVE, World

from crmerp_assets.cli.main import app


def test_x(world: World, capsys) -> None:
    world.policy(GO_LIVE)
    entries = world.catalogue(2)
    accounts = world.accounts(2)
    deals = world.deals(accounts, entries, 6)
    world.deals(accounts, entries, 1, lines=0, Amount=50, CloseDate="2026-07-01", Name="=HYPERLINK(1)")
    world.sync()
    with capsys.disabled():
        for width in ("80", "200"):
            done = CliRunner().invoke(
                app,
                ["reconcile", "--csv", "/tmp/wtd/csv", "--xlsx", "/tmp/wtd/x.xlsx"],
                env={"COLUMNS": width},
                catch_exceptions=False,
            )
            print(done.output)
    for name in ("deals", "breaks", "company", "rates"):
        with capsys.disabled():
            print(world.report(name).head(2).to_dicts())
