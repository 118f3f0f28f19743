"""The database's own promises, the same on both kinds."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import peewee
import psycopg
import pytest

from portal import database, program
from portal.models import Audit
from tests import databases


def test_a_new_program_has_its_terms_and_settings(db):
    assert program.terms_version().since == databases.SET_UP
    assert program.load().first_month == "2025-01"


def test_migrating_twice_does_nothing_the_second_time(database_url):
    bound = database.connect(database_url)
    with bound.connection_context():
        assert database.migrate()
        assert database.migrate() == []


def test_a_deed_that_fails_leaves_nothing(db, now):
    @database.transaction()
    def deed():
        Audit.note("alice", "tried", "", now)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        deed()
    assert Audit.select().count() == 0


def test_a_writer_waits_for_another_only_so_long(db_url, monkeypatch):
    patience = database.PATIENCE
    monkeypatch.setattr(database, "PATIENCE", 0.2)
    monkeypatch.setitem(database._PRAGMAS, "busy_timeout", 200)
    database.connect(db_url).connect()

    def deed():
        with database.connected(), database.transaction():
            return "done"

    with ThreadPoolExecutor(1) as other:
        with database.transaction(), pytest.raises(peewee.OperationalError):
            other.submit(deed).result(timeout=patience)  # less than unless told otherwise
        assert other.submit(deed).result(timeout=60) == "done"


def test_postgresql_ends_a_deed_whose_process_hangs(db, db_url, monkeypatch):
    if database.is_sqlite():
        return  # there a lock goes with its process alone
    monkeypatch.setattr(database, "FORSAKEN", 0.2)

    @database.transaction()
    def deed():
        (hanging,) = db.execute_sql("SELECT pg_backend_pid()").fetchone()
        with psycopg.connect(db_url, autocommit=True) as other:
            for _ in range(600):
                told = other.execute("SELECT FROM pg_stat_activity WHERE pid = %s", (hanging,))
                if told.rowcount == 0:
                    break
                other.execute("SELECT pg_sleep(0.1)")
        db.execute_sql("SELECT 1")

    with pytest.raises(peewee.OperationalError):
        deed()


def test_an_instant_comes_back_in_utc_and_sorts_by_time(db):
    early = datetime(2026, 3, 15, 17, 0, tzinfo=timezone(timedelta(hours=5, minutes=1)))
    late = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
    for at in (late, early):
        Audit.note("alice", "did", "", at)
    assert [row.at for row in Audit.select().order_by(Audit.at)] == [early, late]
    assert Audit.select().order_by(Audit.at).first().at.tzinfo is UTC


def test_an_instant_without_an_offset_is_refused(db):
    with pytest.raises(TypeError, match="offset"):
        Audit.note("alice", "did", "", datetime(2026, 3, 15))  # noqa: DTZ001


@pytest.mark.parametrize("deed", ["UPDATE fact SET kind = 'x'", "DELETE FROM fact"])
def test_facts_are_append_only(db, deed):
    db.execute_sql(
        "INSERT INTO fact (id, kind, content, recorded_at, clicks_to, seal) "
        "VALUES (1, 'lead', '{}', 0, 0, '')"
    )
    with pytest.raises(peewee.DatabaseError, match="append-only"), db.atomic():
        db.execute_sql(deed)


def test_money_is_an_int_of_cents():
    assert database.CentsField().db_value(1999) == 1999
    for wrong in (19.99, "1999", True):
        with pytest.raises(TypeError, match="cents"):
            database.CentsField().db_value(wrong)
