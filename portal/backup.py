"""Backups: one file with everything of the database, images among it, and the way back from it.

A backup is a plain SQLite file on either kind of database, so it can be looked into, and a program
moves from SQLite to PostgreSQL by it. Keys of PORTAL_DATA are never in it. After a restore nothing
is paid, printed or mailed until somebody confirmed which check numbers were used since: see
`unconfirmed`.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from peewee import SqliteDatabase, fn
from peewee import sqlite3 as sqlite
from playhouse.migrations import Runner

from portal.books import PaperCheck, SpoiledSheet
from portal.database import MIGRATIONS, db, is_sqlite, snapshot, transaction
from portal.models import Audit, Fact, Setting
from portal.rules import Refused

RESTORED, HIGHEST = "restored_at", "highest_check"  # what the program keeps about itself
UNCONFIRMED = (
    "A backup was restored. Confirm the highest check number that was used since, "
    "in the program office or by: portal restored --highest-check N."
)
LEAP = 1_000_000  # check numbers between two that follow each other, at most
DAILY, MONTHLY = timedelta(days=30), timedelta(days=366)
_FOLDER = "backups"
# Nobody stays signed in over a restore, and a mail that waited then was perhaps sent since.
_AFTER = """
DELETE FROM login_session;
DELETE FROM reset_token;
UPDATE message SET state = 'failed', error = 'Waited when the backup was made; perhaps sent since.'
WHERE state IN ('waiting', 'sending');
DELETE FROM setting WHERE name = 'restored_at'
"""


# --- Making one --------------------------------------------------------------------------------


def make(file: Path) -> int:
    """Write a consistent copy of the running program to a file, whole or not at all; its bytes.

    Only its owner can read it. Raises OSError, and RuntimeError when the copy is not sound.
    """
    with _aside(file) as part:
        if is_sqlite():
            db.execute_sql("VACUUM INTO ?", (str(part),))
        else:
            _copy_out(part)
        _need_sound(part)
    return file.stat().st_size


@contextmanager
def _aside(file: Path) -> Iterator[Path]:
    """A file beside another that takes its place, flushed, when all went well."""
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        part.touch(mode=0o600)
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _copy_out(file: Path) -> None:
    """Copy every row of a PostgreSQL database, as of one moment, into a new SQLite file."""
    copy = SqliteDatabase(str(file), pragmas={"foreign_keys": 0, "synchronous": 0})
    with closing(copy), copy.connection_context(), copy.atomic(), snapshot():
        Runner(copy, str(MIGRATIONS)).up()
        for table in _tables(copy):
            columns = _columns(copy, table)
            copy.execute_sql(f'DELETE FROM "{table}"')  # noqa: S608  names of our own schema
            marks = ",".join("?" * len(columns))
            insert = f'INSERT INTO "{table}" ({_listed(columns)}) VALUES ({marks})'  # noqa: S608
            with db.connection().cursor(name="backup") as rows:
                rows.execute(f'SELECT {_listed(columns)} FROM "{table}"')  # noqa: S608
                copy.connection().executemany(insert, rows)


def _tables(of: Any) -> list[str]:
    """The tables of a database, those that others refer to first."""
    names = of.get_tables()
    refers = {name: {key.dest_table for key in of.get_foreign_keys(name)} for name in names}
    return list(TopologicalSorter({n: to - {n} for n, to in refers.items()}).static_order())


def _columns(of: Any, table: str) -> list[str]:
    return [column.name for column in of.get_columns(table)]


def _listed(columns: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def nightly(data: Path, today: date) -> Path | None:
    """Make the backup of a day in PORTAL_DATA and drop old ones; None when it is there already.

    One a day is kept for 30 days, then the first of each month for a year.
    """
    folder = _folder(data)
    file = folder / f"portal-{today}.db"
    if file.exists():
        return None
    make(file)
    for old in folder.glob("portal-????-??-??.db"):
        day = date.fromisoformat(old.stem.removeprefix("portal-"))
        if today - day > (MONTHLY if day.day == 1 else DAILY):
            old.unlink()
    return file


def _folder(data: Path) -> Path:
    folder = data / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def last(data: Path) -> datetime | None:
    """When the newest backup in PORTAL_DATA was finished, or None before the first."""
    files = sorted((data / _FOLDER).glob("portal-????-??-??.db"))
    return datetime.fromtimestamp(files[-1].stat().st_mtime, UTC) if files else None


# --- The way back ------------------------------------------------------------------------------


def restore(file: Path, *, now: datetime, data: Path | None = None) -> Path | None:
    """Put a backup in the place of everything in the database, all or nothing.

    The program is unconfirmed afterwards. With PORTAL_DATA, what had been recorded is kept there
    in a backup of its own, which is answered. Raises Refused for a file that is no sound backup,
    or one of a newer portal, and where the database cannot be kept.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "restored.db"
        _prepare(file, copy, now)
        kept = _replaced(data, now) if data and Fact.select().exists() else None
        if is_sqlite():
            with closing(sqlite.connect(copy)) as source:
                source.backup(db.connection())
        else:
            with transaction():
                _copy_in(copy)
    return kept


def _replaced(data: Path, now: datetime) -> Path:
    file = _folder(data) / f"replaced-{now:%Y-%m-%d-%H%M%S}.db"
    try:
        make(file)
    except (RuntimeError, sqlite.DatabaseError) as problem:
        said = f"The database as it is cannot be kept: {problem}. Move it away, then restore."
        raise Refused(said) from problem
    return file


def _prepare(file: Path, copy: Path, now: datetime) -> None:
    """A copy of a backup, brought up to date, without what may not survive a restore."""
    try:
        _need_sound(file)
        shutil.copyfile(file, copy)
        prepared = SqliteDatabase(str(copy))
        with closing(prepared), prepared.connection_context():
            known = {path.stem for path in MIGRATIONS.glob("[0-9]*.py")}
            ran = {name for (name,) in prepared.execute_sql("SELECT name FROM schema_migration")}
            if ran - known:
                raise Refused("This backup was made by a newer portal. Update this one first.")
            Runner(prepared, str(MIGRATIONS)).up()
            prepared.connection().executescript(_AFTER)
            insert = "INSERT INTO setting (name, value) VALUES (?, ?)"
            prepared.execute_sql(insert, (RESTORED, now.isoformat()))
    except (RuntimeError, sqlite.DatabaseError) as problem:
        raise Refused(f"{file} is not a backup that can be used: {problem}") from problem


def _need_sound(file: Path) -> None:
    with closing(sqlite.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as opened:
        found = [row[0] for row in opened.execute("PRAGMA integrity_check(1)")]
        if found != ["ok"]:
            raise RuntimeError(f"its check says {found[0]}")
        opened.execute("SELECT 1 FROM setting, schema_migration")


def _copy_in(file: Path) -> None:
    """Take the rows of a SQLite file in the place of all rows of a PostgreSQL database."""
    source = SqliteDatabase(str(file))
    with closing(source), source.connection_context():
        tables = _tables(source)
        db.execute_sql(f"TRUNCATE {_listed(tables)}")
        for table in tables:
            columns = _columns(source, table)
            rows = source.execute_sql(f'SELECT {_listed(columns)} FROM "{table}"')  # noqa: S608
            with db.cursor().copy(f'COPY "{table}" ({_listed(columns)}) FROM STDIN') as into:
                for row in rows:
                    into.write_row(row)
            counter = db.execute_sql(
                "SELECT pg_get_serial_sequence(%s, column_name) FROM information_schema.columns "
                "WHERE table_name = %s AND column_default LIKE 'nextval%%'",
                (table, table),
            ).fetchone()
            if counter:
                last = f'SELECT COALESCE(MAX(id), 0) + 1 FROM "{table}"'  # noqa: S608
                db.execute_sql(f"SELECT setval(%s, ({last}), false)", counter)


# --- After a restore ---------------------------------------------------------------------------


def unconfirmed() -> bool:
    """Whether a restore waits to be confirmed: until then nothing is paid, printed or mailed."""
    return Setting.get_or_none(name=RESTORED) is not None


def highest_number() -> int:
    """The highest check number that is used, by the books and by what was confirmed."""
    row = Setting.get_or_none(name=HIGHEST)
    used: list[Any] = [t.select(fn.MAX(t.number)).scalar() for t in (PaperCheck, SpoiledSheet)]
    return max(*(number or 0 for number in used), int(row.value if row else 0))


def need_near(number: int, field: str = "first") -> None:
    """Raise Refused for a number so far above those used that it is mistyped: none comes back."""
    used = highest_number()
    if used and number > used + LEAP:
        said = f"{number} is more than {LEAP:,} above {used}, the highest number used so far."
        raise Refused(said, field)


def confirm(highest: int, *, by: str, now: datetime) -> None:
    """Say which check number was the highest on paper, and go on. Raises Refused."""
    with transaction():
        if not unconfirmed():
            raise Refused("No restore waits to be confirmed.")
        if highest < highest_number():
            said = f"Number {highest_number()} is used in the books: the highest is not below it."
            raise Refused(said, "highest_check")
        need_near(highest, "highest_check")
        Setting.put({"name": HIGHEST}, value=str(highest))
        Setting.delete().where(Setting.name == RESTORED).execute()
        Audit.note(by, "restored", "backup", now, highest_check=highest)
