"""A script of one's own inside Tryton: `python inside.py CONFIG DATABASE`; with `worker` behind it, Tryton's worker.

Run by the interpreter of Tryton's environment and by nothing else. It is told what to do in lines of JSON, and so keeps
a transaction open for as long as a test likes, as an import or the posting of a month's invoices does.
"""

import json
import os
import signal
import sys
import threading

CONFIG, DATABASE, *WORKER = sys.argv[1:]

import trytond.config as config  # noqa: E402

config.update_etc(CONFIG)

from trytond.pool import Pool  # noqa: E402
from trytond.protocols.jsonrpc import JSONDecoder, JSONEncoder  # noqa: E402
from trytond.transaction import Transaction  # noqa: E402


def end_with_standard_input() -> None:
    """Read past sys.stdin, which the worker's children close: they would wait for its lock."""
    os.read(0, 1)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def work() -> None:
    from trytond.cli import worker

    threading.Thread(target=end_with_standard_input, daemon=True).start()
    sys.argv = ["trytond-worker", "-c", CONFIG, "-d", DATABASE, "-n", "1", "--timeout", "1"]
    worker.main()


class Inside:
    def __init__(self) -> None:
        Pool.start()
        self.pool = Pool(DATABASE)
        with Transaction().start(DATABASE, 0, readonly=True):
            self.pool.init()
        with Transaction().start(DATABASE, 0, readonly=True):
            (self.user,) = self.pool.get("res.user").search([("login", "=", "admin")])
        with Transaction().start(DATABASE, int(self.user), readonly=True):
            self.context = self.pool.get("res.user").get_preferences(context_only=True)

    def begin(self) -> None:
        Transaction().start(DATABASE, int(self.user), context=self.context)
        with Transaction().connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    def call(self, model: str, method: str, *params: object) -> object:
        """A method of a model; ids become records but for `create`."""
        owner = self.pool.get(model)
        given = list(params)
        if method != "create":
            given[::2] = [owner.browse(ids) for ids in given[::2]]
        made = getattr(owner, method)(*given)
        return [int(one) for one in made] if method == "create" else None

    def commit(self) -> None:
        Transaction().commit()
        Transaction().stop()

    def rollback(self) -> None:
        Transaction().rollback()
        Transaction().stop()


def tell(answer: dict[str, object]) -> None:
    sys.stdout.write(f"{json.dumps(answer, cls=JSONEncoder)}\n")
    sys.stdout.flush()


def listen() -> None:
    inside = Inside()
    tell({"result": "ready"})
    for line in sys.stdin:
        name, *params = json.loads(line, object_hook=JSONDecoder())
        try:
            answer = {"result": getattr(inside, name)(*params)}
        except Exception as failure:
            answer = {"error": f"{type(failure).__name__}: {failure}"}
        tell(answer)


if __name__ == "__main__":
    (work if WORKER else listen)()
