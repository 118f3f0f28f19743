"""kill -9 of every worker under load: whoever was told a click id finds it stored."""

import http.client
import os
import re
import signal
import threading

import pytest

from portal import database
from portal.models import Click
from tests.bench import servers
from tests.visiting import BROWSER, make_affiliate, make_program

CLIENTS, BEFORE = 8, 200  # requests at once, and clicks acknowledged before the kill

pytestmark = pytest.mark.faults


class Client(threading.Thread):
    """Follows the link until told to stop; keeps every id it was given, and every broken answer."""

    def __init__(self, port, stop):
        super().__init__()
        self.port, self.stop = port, stop
        self.told, self.broken = [], 0

    def run(self):
        while not self.stop.is_set():
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                while not self.stop.is_set():
                    line.request("GET", "/go/alice", headers={"User-Agent": BROWSER})
                    answer = line.getresponse()
                    answer.read()
                    found = re.search("click_id=([a-z2-7]{26})", answer.headers["Location"])
                    self.told.append(found.group(1))
            except (OSError, http.client.HTTPException):
                self.broken += 1
                self.stop.wait(0.05)
            finally:
                line.close()


def workers(pid):
    return set(servers.children(pid))


def test_no_acknowledged_click_is_lost(db, db_url, environ, now):
    make_program(now)
    make_affiliate("alice", now)
    database.db.close()
    stop = threading.Event()
    with servers.portal(environ) as (port, process):
        clients = [Client(port, stop) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        try:
            wait_until(lambda: all(client.told for client in clients))  # by a worker that is killed
            wait_until(lambda: sum(len(client.told) for client in clients) > BEFORE)
            killed = workers(process.pid)
            assert len(killed) == 2
            for worker in killed:
                os.kill(worker, signal.SIGKILL)
            wait_until(lambda: all(client.broken for client in clients))
            before = sum(len(client.told) for client in clients)
            wait_until(lambda: sum(len(client.told) for client in clients) > before + BEFORE)
            assert not killed & workers(process.pid)
        finally:
            stop.set()
            for client in clients:
                client.join(timeout=120)
    told = [click_id for client in clients for click_id in client.told]
    database.db.connect()
    stored = {click.outside_id for click in Click.select()}
    assert len(told) == len(set(told))
    assert set(told) <= stored
    assert len(stored) - len(told) <= CLIENTS * 2  # stored, and killed before the answer


def wait_until(true, patience=120):
    tick = threading.Event()
    for _ in range(patience * 20):
        if true():
            return
        tick.wait(0.05)
    raise AssertionError("It did not come to that in time.")
