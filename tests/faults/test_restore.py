"""A restore under a running server: requests go on, what was there comes back, nothing is paid."""

import http.client
import threading
from datetime import timedelta

import pytest

from portal import backup, checks, database, verify
from portal.books import Entry, Run
from portal.models import Click
from portal.rules import Refused
from tests import makers
from tests.bench import servers

CLIENTS = 4

pytestmark = pytest.mark.faults


class Client(threading.Thread):
    """Asks for pages and follows a link until told to stop; keeps every status."""

    def __init__(self, port, stop):
        super().__init__()
        self.port, self.stop = port, stop
        self.statuses = []

    def run(self):
        while not self.stop.is_set():
            for address in ("/", "/go/alice", "/healthz"):
                line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
                line.request("GET", address, headers=makers.BROWSER)
                answer = line.getresponse()
                answer.read()
                self.statuses.append(answer.status)
                line.close()


@pytest.mark.sqlite_only
def test_requests_go_on_and_nothing_is_paid(db, environ, tmp_path):
    now = database.utcnow()
    makers.make_program(now - timedelta(days=100), first_month="2020-01")
    alice = makers.make_affiliate("alice", now - timedelta(days=90), **makers.ADDRESS)
    backup.make(tmp_path / "kept.db")
    makers.make_earnings(alice, now - timedelta(days=70))
    stop = threading.Event()
    with servers.portal(environ) as (port, process):
        clients = [Client(port, stop) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        try:
            wait_for_requests(clients, 40)
            backup.restore(tmp_path / "kept.db", now=now)
            wait_for_requests(clients, 80)
        finally:
            stop.set()
            for client in clients:
                client.join(timeout=240)
        assert process.poll() is None
    statuses = [status for client in clients for status in client.statuses]
    assert set(statuses) == {200, 302}
    assert backup.unconfirmed()
    assert Entry.select().count() == 0
    assert Click.select().count() > 0  # those after the restore
    with pytest.raises(Refused, match="Confirm the highest check number"):
        makers.make_run("2026-01", now)
    with pytest.raises(Refused):
        checks.print_checks("2026-01", by="test", now=now)
    assert not Run.select().exists()  # the timetable had begun to run 2020, and went no further
    assert verify.run(now=now).differences == []


def wait_for_requests(clients, more):
    """Wait until so many more requests were answered."""
    tick, end = threading.Event(), sum(len(c.statuses) for c in clients) + more
    for _ in range(4800):
        if sum(len(client.statuses) for client in clients) >= end:
            return
        tick.wait(0.05)
    raise AssertionError("The server answers no more.")
