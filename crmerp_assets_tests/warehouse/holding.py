"""Another process: `python holding.py FILE` holds the warehouse until a line comes; `python holding.py FILE LIMIT`
writes until a file may not grow beyond LIMIT bytes, and says what it was told and what is stored then."""

import resource
import sys
from pathlib import Path

from crmerp_assets.warehouse import WarehouseFull
from crmerp_assets_tests.warehouse.files import in_file


def hold(path: Path) -> None:
    with in_file(path).open() as con:
        con.execute("CREATE TABLE IF NOT EXISTS raw.held (n INTEGER)")
        sys.stdout.write("holding\n")
        sys.stdout.flush()
        sys.stdin.readline()


def fill(path: Path, limit: int) -> None:
    warehouse = in_file(path)
    with warehouse.open() as con:
        con.execute("CREATE TABLE raw.t AS SELECT 1::BIGINT AS n, 'first' AS text")
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        with warehouse.open() as con:
            con.execute(
                "INSERT INTO raw.t SELECT range, md5(range::VARCHAR) || md5((-range)::VARCHAR) FROM range(300000)"
            )
    except WarehouseFull as error:
        sys.stdout.write(f"{error} {type(error.__cause__).__name__}\n")
    with warehouse.open() as con:
        sys.stdout.write(f"{con.execute('SELECT n, text FROM raw.t').fetchall()}\n")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        hold(Path(sys.argv[1]))
    else:
        fill(Path(sys.argv[1]), int(sys.argv[2]))
