"""A PostgreSQL server of the tests' own, from the system's binaries, gone when they end."""

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

# Nothing here outlives the tests, so nothing is forced to the disk.
OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "autovacuum": "off",
}
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
SECONDS_TO_START = 120


class Server:
    """A running cluster. `create()` makes databases; `stop()` ends it and removes its folder.

    A durable one forces to the disk what it acknowledges, for those who measure or kill.
    """

    def __init__(self, binaries: Path, durable: bool = False):
        self._options = OPTIONS | (DURABLE if durable else {})
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.folder = Path(tempfile.mkdtemp(prefix="portal-pg-"))
        self.port = _free_port()
        self._names = itertools.count(1)
        self._process = self._start(binaries)
        self._admin = self._wait()

    def url(self, name: str) -> str:
        return f"postgresql://{self.user}@127.0.0.1:{self.port}/{name}"

    def create(self, template: str = "template0") -> str:
        """A new database, a copy of the template; returns its name."""
        name = f"test_{next(self._names)}"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        self._admin.close()
        self._process.send_signal(signal.SIGQUIT)  # at once: there is nothing to keep
        self._process.wait()
        shutil.rmtree(self.folder)

    def _start(self, binaries: Path) -> subprocess.Popen:
        # PostgreSQL refuses to run as root.
        shutil.chown(self.folder, self.user)
        as_user = {"user": self.user, "extra_groups": []} if os.geteuid() == 0 else {}
        data = self.folder / "data"
        subprocess.run(
            [
                *(binaries / "initdb", "--pgdata", data, "--username", self.user),
                *("--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            **as_user,
        )
        settings = [f"-c{name}={value}" for name, value in self._options.items()]
        place = ["-D", data, "-k", self.folder, "-p", str(self.port)]
        with open(self.folder / "log", "w") as log:
            return subprocess.Popen(
                [binaries / "postgres", *place, *settings],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **as_user,
            )

    def _wait(self) -> psycopg.Connection:
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                return psycopg.connect(self.url("postgres"), autocommit=True)
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
