"""The databases that tests run on: each test gets its own, on SQLite and on PostgreSQL.

A migrated template is made once a session and copied, which is far cheaper than migrating and,
unlike a rollback, lets a test open transactions, threads and processes of its own.
"""

import itertools
import shutil
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from portal import database, program
from tests import machine
from tests.postgres import Server

SET_UP = datetime(2025, 1, 15, 12, 0, tzinfo=UTC)  # when the program of every test began


def close() -> None:
    """Close every connection to the bound database that this thread or the pool holds."""
    if database.db.obj is None:
        return
    database.db.close_all()


def _set_up(url: str) -> None:
    database.connect(url).connect()
    database.migrate()
    program.initialize(SET_UP)
    close()


class Sqlite:
    """Files in a folder; `folder` has all that is kept of them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._names = itertools.count(1)

    @cached_property
    def _template(self) -> Path:
        file = self.folder / "template.db"
        _set_up(f"sqlite:///{file}")
        return file

    def empty(self) -> str:
        return f"sqlite:///{self.folder}/test_{next(self._names)}.db"

    def migrated(self) -> str:
        template, url = self._template, self.empty()
        shutil.copy(template, url.removeprefix("sqlite:///"))
        return url

    def drop(self, url: str) -> None:
        file = Path(url.removeprefix("sqlite:///"))
        for left in file.parent.glob(f"{file.name}*"):
            left.unlink()

    def stop(self) -> None:
        pass


class Postgresql:
    """A server; `folder` has all that it keeps, its log too."""

    def __init__(self, durable: bool = False) -> None:
        self._server = Server(machine.postgres_binaries(), durable)
        self.folder = self._server.folder

    @cached_property
    def _template(self) -> str:
        name = self._server.create()
        _set_up(self._server.url(name))
        return name

    def empty(self) -> str:
        return self._server.url(self._server.create())

    def migrated(self) -> str:
        return self._server.url(self._server.create(self._template))

    def drop(self, url: str) -> None:
        self._server.drop(url.rpartition("/")[2])

    def stop(self) -> None:
        self._server.stop()
