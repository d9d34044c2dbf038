import sqlite3
import ssl
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from crmerp_assets.sandbox.kit import PAGE_FAULT, Sandbox, Store


class Guestbook(Sandbox):
    """The smallest system there can be: names go in, names come out."""

    system: ClassVar[str] = "guestbook"

    def __init__(self, directory: Path, port: int = 0, tls: bool = False) -> None:
        super().__init__(directory, port, tls)
        self.store = Store(directory / "guestbook.sqlite")
        self.store.write("CREATE TABLE IF NOT EXISTS guest (name TEXT UNIQUE)")

    def routes(self) -> list[BaseRoute]:
        return [Route("/guests", self.sign, methods=["POST"]), Route("/guests", self.guests)]

    def user_of(self, authorization: str) -> str:
        return authorization or "integration"

    def seed(self, object: str, records: list[dict[str, Any]]) -> list[str]:
        with self.store.writing() as db:
            db.executemany("INSERT INTO guest VALUES (?)", [(record["name"],) for record in records])
        return [record["name"] for record in records]

    def count(self, object: str) -> int:
        return len(self.store.rows("SELECT name FROM guest"))

    async def sign(self, request: Request) -> Response:
        self.seed("guest", [await request.json()])
        return JSONResponse({}, 201)

    async def guests(self, request: Request) -> Response:
        names = [name for (name,) in self.store.rows("SELECT name FROM guest ORDER BY name")]
        return JSONResponse({"names": names, "fault": request.scope.get(PAGE_FAULT)})

    def stop(self) -> None:
        super().stop()
        self.store.close()


@pytest.fixture
def sandbox(tmp_path):
    with Guestbook(tmp_path) as started:
        yield started


@pytest.fixture
def http(sandbox):
    with httpx.Client(base_url=sandbox.url, verify=False) as client:
        yield client


def fault(http, kind, match="", **options):
    response = http.post("/_sandbox/faults", json={"kind": kind, "match": match, **options})
    assert response.status_code == 201, response.text
    return response.json()["id"]


def names(http):
    return http.get("/guests").json()["names"]


def test_a_call_cut_before_it_arrives_changes_nothing(http):
    fault(http, "cut_before", "POST /guests")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        http.post("/guests", json={"name": "Ann"})
    assert names(http) == []


def test_a_call_cut_after_it_was_applied_gives_no_answer_and_keeps_the_change(http):
    fault(http, "cut_after", "POST /guests")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        http.post("/guests", json={"name": "Ann"})
    assert names(http) == ["Ann"]


def test_cut_connections_are_really_cut_over_tls(tmp_path):
    with Guestbook(tmp_path, tls=True) as sandbox:
        context = ssl.create_default_context(cafile=str(sandbox.ca_file))
        with httpx.Client(base_url=sandbox.url, verify=context) as http:
            assert http.get("/_sandbox/health").json() == {"status": "ok", "system": "guestbook"}
            fault(http, "cut_after", "POST /guests")
            with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
                http.post("/guests", json={"name": "Ann"})
            assert names(http) == ["Ann"]


def test_a_slow_answer_comes_late(http):
    fault(http, "slow", seconds=0.2)
    started = time.monotonic()
    assert names(http) == []
    assert time.monotonic() - started >= 0.2


def test_a_slow_call_is_applied_though_its_client_has_given_up(http):
    fault(http, "slow", "POST /guests", seconds=0.3)
    with pytest.raises(httpx.ReadTimeout):
        http.post("/guests", json={"name": "Ann"}, timeout=0.1)
    assert names(http) == []
    time.sleep(0.5)
    assert names(http) == ["Ann"]


def test_a_call_with_a_late_answer_is_applied_at_once(http):
    fault(http, "late_answer", "POST /guests", seconds=0.5)
    with pytest.raises(httpx.ReadTimeout):
        http.post("/guests", json={"name": "Ann"}, timeout=0.3)
    assert names(http) == ["Ann"]


def test_a_fault_that_waits_for_a_call_strikes_those_behind_it_only(http):
    fault(http, "server_error", "GET /guests", after="POST /guests", times=-1)
    fault(http, "cut_before", "POST /guests")
    assert names(http) == []
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        http.post("/guests", json={"name": "Ann"})
    assert http.get("/guests").status_code == 503


def test_an_error_after_the_call_was_applied_is_a_gateways_page(http):
    fault(http, "error_after", "POST /guests")
    answer = http.post("/guests", json={"name": "Ann"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert names(http) == ["Ann"]


@pytest.mark.parametrize(("kind", "status"), [("throttle", 429), ("server_error", 502), ("revoke", 401)])
def test_the_system_answers_trouble_itself_and_applies_nothing(http, kind, status):
    fault(http, kind, "POST", status=502)
    assert http.post("/guests", json={"name": "Ann"}).status_code == status
    assert names(http) == []


def test_a_page_fault_is_left_to_the_systems_paging(http):
    fault(http, "short_page")
    assert [http.get("/guests").json()["fault"] for _ in range(2)] == ["short_page", None]


def test_a_fault_skips_counts_and_ends(http):
    fault(http, "server_error", r"GET /guests", times=2, skip=1)
    assert [http.get("/guests").status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    assert [rule["hits"] for rule in http.get("/_sandbox/faults").json()["faults"]] == [2]


def test_a_fault_can_be_for_one_user_only(http):
    fault(http, "server_error", user="ann", times=-1)
    assert http.get("/guests").status_code == 200
    assert http.get("/guests", headers={"Authorization": "ann"}).status_code == 503


def test_a_fault_that_never_ends_ends_when_it_is_removed(http):
    one, _ = fault(http, "server_error", times=-1), fault(http, "slow", seconds=0, times=-1)
    assert {http.get("/guests").status_code for _ in range(3)} == {503}
    http.delete(f"/_sandbox/faults/{one}")
    assert names(http) == []
    http.delete("/_sandbox/faults")
    assert http.get("/_sandbox/faults").json() == {"faults": []}


def test_a_fault_that_makes_no_sense_is_refused(http):
    assert http.post("/_sandbox/faults", json={"kind": "earthquake"}).status_code == 400
    assert http.post("/_sandbox/faults", json={"kind": "slow", "colour": "red"}).status_code == 400


def test_calls_are_counted_by_user_and_call_but_administration_is_not(http):
    http.get("/guests")
    http.get("/guests", headers={"Authorization": "ann"})
    http.get("/_sandbox/count?object=guest")
    calls = http.get("/_sandbox/calls").json()
    assert calls["total"] == 2
    assert calls["by_user"] == {"integration": 1, "ann": 1}
    assert calls["by_call"]["GET /guests"] == 1
    assert http.delete("/_sandbox/calls").json()["total"] == 0


def test_answers_carry_the_servers_own_time(http):
    http.post("/_sandbox/clock", json={"offset_seconds": -366 * 86400})
    then = time.gmtime(time.time() - 366 * 86400)
    assert time.strftime("%d %b %Y", then) in http.get("/guests").headers["Date"]
    assert len(http.get("/guests").headers.get_list("Date")) == 1


def test_a_restart_keeps_the_state_and_the_port(tmp_path):
    with Guestbook(tmp_path) as sandbox:
        url = sandbox.url
        httpx.post(f"{url}/_sandbox/records", json={"object": "guest", "records": [{"name": "Ann"}, {"name": "Bob"}]})
    with Guestbook(tmp_path, port=int(url.rsplit(":", 1)[1])) as again:
        assert again.url == url
        assert httpx.get(f"{url}/guests").json()["names"] == ["Ann", "Bob"]


def test_seeding_is_all_or_nothing(http):
    rows = [{"name": "Ann"}, {"name": "Ann"}]
    assert http.post("/_sandbox/records", json={"object": "guest", "records": rows}).status_code == 400
    assert names(http) == []


def test_the_credentials_are_written_for_their_owner_only(sandbox, tmp_path):
    file = tmp_path / "credentials.env"
    assert f"GUESTBOOK_URL={sandbox.url}" in file.read_text().splitlines()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_stopping_takes_no_time_even_with_open_connections(tmp_path):
    with Guestbook(tmp_path) as sandbox, httpx.Client(base_url=sandbox.url, verify=False) as http:
        assert names(http) == []
        started = time.monotonic()
        sandbox.stop()
        assert time.monotonic() - started < 1


def test_a_port_that_is_taken_is_named(sandbox, tmp_path):
    port = int(sandbox.url.rsplit(":", 1)[1])
    other = Guestbook(tmp_path / "other", port=port)
    with pytest.raises(OSError, match=f"could not open port {port}"):
        other.start()
    other.stop()


def test_an_inner_transaction_rolls_back_alone(tmp_path):
    store = Store(tmp_path / "s.sqlite")
    store.write("CREATE TABLE guest (name TEXT UNIQUE)")
    with store.writing() as db:
        db.execute("INSERT INTO guest VALUES ('Ann')")
        with suppress(sqlite3.IntegrityError), store.writing():
            db.execute("INSERT INTO guest VALUES ('Bob')")
            db.execute("INSERT INTO guest VALUES ('Ann')")
    assert store.rows("SELECT name FROM guest") == [("Ann",)]
    store.close()


def test_the_clock_can_be_stopped_and_started_and_refuses_what_it_does_not_know(http):
    stopped = http.post("/_sandbox/clock", json={"stopped": True}).json()["now"]
    time.sleep(0.01)
    assert http.post("/_sandbox/clock", json={"offset_seconds": 0}).json()["now"] == stopped
    assert http.post("/_sandbox/clock", json={"stopped": False}).json()["now"] > stopped
    assert http.post("/_sandbox/clock", json={"frozen": True}).status_code == 400
