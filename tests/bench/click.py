"""The tracked click beside a bare redirect that stores nothing, in paired windows.

`python -m tests.bench.click [sqlite] [postgresql]`
"""

import statistics
import sys
import tempfile
from pathlib import Path

from portal import database
from tests import databases
from tests.bench import load, servers
from tests.visiting import make_affiliate, make_program

ROUNDS, SECONDS, WARM = 10, 2.0, 1.0
AT_LEAST = {"sqlite": 1.0, "postgresql": 0.6}


def measure(kind, folder):
    backend = databases.Sqlite(folder) if kind == "sqlite" else databases.Postgresql(durable=True)
    try:
        url = backend.migrated()
        database.connect(url).connect()
        make_program(database.utcnow())
        make_affiliate("alice", database.utcnow())
        databases.close()
        environ = {"DATABASE_URL": url, "PORTAL_DATA": str(folder / kind)}
        _compare(kind, environ, folder)
        database.connect(url).connect()
        (stored,) = database.db.execute_sql("SELECT COUNT(*) FROM click").fetchone()
        print(f"  clicks stored {stored}")
        databases.close()
    finally:
        backend.stop()


def _compare(kind, environ, folder):
    with servers.yardstick(folder) as (bare, _), servers.portal(environ) as (portal, process):
        for port in (bare, portal):
            load.run(port, "/go/alice", WARM)
        pairs = [
            tuple(load.run(port, "/go/alice", SECONDS) for port in (bare, portal))
            for _ in range(ROUNDS)
        ]
        held = servers.memory(process.pid) / 1024
    wrong = sum(window.wrong for pair in pairs for window in pair)
    ratio = statistics.median(ours.rate / theirs.rate for theirs, ours in pairs)
    print(f"tracked click on {kind}: {ratio:.2f} x a bare redirect (at least {AT_LEAST[kind]} x)")
    for name, windows in zip(("bare", "portal"), zip(*pairs, strict=True), strict=True):
        rate = statistics.median(window.rate for window in windows)
        p99 = statistics.median(window.p99 for window in windows) * 1000
        print(f"  {name:6} {rate:6.0f} a second, p99 {p99:.0f} ms")
    answered = sum(len(ours.took) for _, ours in pairs)
    print(f"  answered {answered}, wrong answers {wrong}; portal holds {held:.0f} MB")


def main():
    for kind in sys.argv[1:] or AT_LEAST:
        with tempfile.TemporaryDirectory() as folder:
            measure(kind, Path(folder))


if __name__ == "__main__":
    main()
