"""Errors as sentences with a next step, and exit codes that mean something."""

from crmerp_assets.cli.output import errors

ATTENTION, USAGE, UNAVAILABLE = 1, 2, 3


def exit_code(error: Exception) -> int:
    """Print the error for a person and return the exit code. Unknown errors keep their traceback."""
    from crmerp_assets.bootstrap import NotConfigured
    from crmerp_assets.cli.processes import StageError
    from crmerp_assets.cli.runs import RunFailed
    from crmerp_assets.connectors.errors import ConnectorError
    from crmerp_assets.ledger import LedgerError
    from crmerp_assets.mapping import ConfigurationError
    from crmerp_assets.sync.decisions import NotDecidable
    from crmerp_assets.warehouse import WarehouseBusy, WarehouseFull

    match error:
        case ConfigurationError():
            for problem in error.problems:
                errors.print(problem, style="red")
            return USAGE
        case NotConfigured() | NotDecidable() | LookupError():
            errors.print(str(error), style="red")
            return USAGE
        case RunFailed():
            errors.print(str(error), style="red")
            return ATTENTION
        case StageError() | ConnectorError() | LedgerError() | WarehouseBusy() | WarehouseFull():
            errors.print(str(error), style="red")
            return UNAVAILABLE
        case _:
            errors.print_exception()
            return ATTENTION
