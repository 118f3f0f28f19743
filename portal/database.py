"""The database: how it is connected, migrated and written, and the field types at its borders.

Every deed runs in `transaction()`, one at a time for the whole program, so facts have one order of
recording on both databases. Nothing outside this module opens a transaction of its own.
"""

import fcntl
import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peewee import BigIntegerField, DatabaseProxy, Model, SqliteDatabase, TextField
from peewee import sqlite3 as sqlite
from playhouse import db_url
from playhouse.migrations import Runner

db = DatabaseProxy()


def utcnow() -> datetime:
    """The process's own clock, in UTC and cut to whole seconds. Only the edges call it."""
    return datetime.now(UTC).replace(microsecond=0)


class CentsField(BigIntegerField):
    """Money: an int of cents, nothing else."""

    if TYPE_CHECKING:  # what a row has under the name of such a field

        def __get__(self, row: Any, table: Any) -> Any: ...
        def __set__(self, row: Any, value: int | None) -> None: ...

    def db_value(self, value: Any) -> int | None:
        if value is not None and type(value) is not int:
            raise TypeError(f"money is an int of cents, not {value!r}")
        return value


class UtcField(BigIntegerField):
    """An instant: aware datetimes in Python, whole Unix seconds in the database."""

    def db_value(self, value: Any) -> int | None:
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise TypeError(f"an instant needs an offset: {value!r}")
            return int(value.timestamp() // 1)
        return value

    def python_value(self, value: Any) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(int(value), UTC)


class JsonField(TextField):
    """A JSON value, written with sorted keys so that equal values are equal text."""

    def db_value(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)

    def python_value(self, value: Any) -> Any:
        return None if value is None else json.loads(value)


class Table(Model):
    class Meta:
        database = db
        legacy_table_names = False
        only_save_dirty = True

    @classmethod
    def get_or_none(cls, *where: Any, **key: Any) -> Any:
        """The row of a condition or a key, or None. A key's SQL is built once, not each time."""
        if where or not all(isinstance(value, (int, str)) for value in key.values()):
            return super().get_or_none(*where, **key)
        sql = _by_key(cls, tuple(key), db.param)  # type: ignore[arg-type]
        return next(iter(cls.raw(sql, *key.values())), None)

    @classmethod
    def put(cls, key: dict[str, Any], **row: Any) -> None:
        """Store a row under its key, in the place of the one that was there."""
        target = [getattr(cls, name) for name in key]
        insert = cls.insert(**key, **row)
        insert.on_conflict(conflict_target=target, update=row).execute()

    @classmethod
    def by_id(cls, ids: Iterable[Any]) -> dict[Any, Any]:
        """The rows of some ids by id, in one query or none; None among the ids is no row's."""
        wanted, key = set(ids) - {None}, cls._meta.primary_key
        return {row.id: row for row in cls.select().where(key.in_(wanted))} if wanted else {}


@cache
def _by_key(table: Any, names: tuple[str, ...], param: str) -> str:
    columns = [table._meta.combined[name].column_name for name in names]
    wanted = ", ".join(f'"{field.column_name}"' for field in table._meta.sorted_fields)
    where = " AND ".join(f'"{column}" = {param}' for column in columns)
    return f'SELECT {wanted} FROM "{table._meta.table_name}" WHERE {where} LIMIT 1'  # noqa: S608


MIGRATIONS = Path(__file__).parent / "migrations"
SAFE_WAL = (3, 51, 3)  # before it, WAL with several connections can corrupt the file
DEEDS, CLICKS = 7301, 7303  # keys of PostgreSQL's advisory locks
PATIENCE = 5  # seconds that a thread waits for a connection, or for its turn to write
FORSAKEN = 60  # seconds after which PostgreSQL ends a transaction whose process hangs
STEP = 0.0001  # seconds between two looks whether another process still writes
_LOCK = """SELECT set_config('lock_timeout', %s, true),
set_config('idle_in_transaction_session_timeout', %s, true), pg_advisory_xact_lock(%s)"""
_PRAGMAS = {"busy_timeout": PATIENCE * 1000, "journal_mode": "wal", "synchronous": 2,
            "foreign_keys": 1}  # in this order: a new file is made WAL with patience  # fmt: skip


def connect(url: str) -> Any:
    """Bind the tables to the database at a url and return it; nothing is opened yet.

    Raises RuntimeError where SQLite is too old to be trusted with several connections.
    """
    if url.startswith("sqlite"):
        if sqlite.sqlite_version_info < SAFE_WAL:
            raise RuntimeError(f"SQLite {sqlite.sqlite_version} is too old: 3.51.3 is needed.")
        # A connection that dies with its thread can take a server written in Rust with it.
        options = {"lock_type": "IMMEDIATE", "pragmas": _PRAGMAS, "check_same_thread": False}
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    else:
        options = {"prefer_psycopg3": True}
    url = url.replace("://", "+pool://", 1)
    options |= {"max_connections": 32, "timeout": PATIENCE, "stale_timeout": 300}
    options |= {"unquote_password": True, "unquote_user": True, "autoconnect": False}
    db.initialize(db_url.connect(url, **options))
    if is_sqlite():  # whose own knows no letters but ASCII's
        db.register_function(lambda text: text and text.lower(), "lower", 1)
    return db


def is_sqlite() -> bool:
    return isinstance(db.obj, SqliteDatabase)


@contextmanager
def connected() -> Iterator[None]:
    """A connection for this thread, from the pool and back to it where there was none yet."""
    opened = db.connect(reuse_if_open=True)
    try:
        yield
    finally:
        if opened:
            db.close()


@contextmanager
def transaction(kind: int = DEEDS) -> Iterator[None]:
    """One deed: all of it or nothing, and no other of its kind at the same time.

    Clicks are a kind of their own, so that sales do not wait for them where the database allows.
    """
    with _turn() if is_sqlite() and not db.in_transaction() else nullcontext(), db.atomic():
        if not is_sqlite():
            db.execute_sql(_LOCK, (f"{PATIENCE}s", f"{FORSAKEN}s", kind))
        yield


@contextmanager
def _turn() -> Iterator[None]:
    """Wait in short steps for SQLite's writer before asking SQLite, which waits in long ones.

    Only a courtesy among processes: after a while, as behind one that hangs, SQLite decides.
    """
    with open(f"{db.database}.turn", "ab") as turn:
        end = time.monotonic() + PATIENCE / 5
        while time.monotonic() < end:
            try:
                fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(STEP)
        yield


def connect_first() -> None:
    """Open this thread's connection while no other process does: two that make a new file of
    SQLite WAL at once are refused, however long they would wait."""
    with _turn() if is_sqlite() else nullcontext():
        db.connect(reuse_if_open=True)


def snapshot() -> Any:
    """A context for long reading of one moment that holds up nobody: writers go on beside it."""
    return db.atomic("DEFERRED" if is_sqlite() else "REPEATABLE READ")


def migrate() -> list[str]:
    """Bring the connected database up to date; returns the migrations that ran.

    Several processes may call it at once: one works, the others wait and find nothing to do.
    """
    with transaction():
        return Runner(db.obj, str(MIGRATIONS)).up()
