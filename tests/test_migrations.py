"""Migrations and models agree, and what must never change does not (R17, R24)."""

import subprocess
import sys

import peewee
import pytest
from playhouse.migrations import Runner
from playhouse.schema_diff import diff_models

from portal import access, bank, books, cases, database, mail, material, models, taxyear, throttle
from portal.database import Table
from tests import makers

MODULES = (access, bank, books, cases, mail, material, models, taxyear, throttle)
TABLES = [
    table
    for module in MODULES
    for table in vars(module).values()
    if isinstance(table, type) and issubclass(table, Table) and table.__module__ == module.__name__
]
TABLES = [table for table in TABLES if table is not models.Account]


def test_the_migrations_make_what_the_models_say(db):
    assert set(db.get_tables()) == {table._meta.table_name for table in TABLES} | {
        "schema_migration"
    }
    found = diff_models(db.obj, TABLES)
    assert not found, str(found)


def test_migrating_again_does_nothing(db):
    assert database.migrate() == []


def test_clicks_counted_before_there_were_links_are_the_main_links(database_url):
    database.connect(database_url).connect()
    Runner(database.db.obj, str(database.MIGRATIONS)).up("0001_initial")
    database.db.execute_sql("INSERT INTO click_day VALUES (1, '2026-03-15', 7)")
    database.migrate()
    kept = models.ClickDay.select().tuples()
    assert list(kept) == [(1, "2026-03-15", 0, 7)]


def test_two_processes_migrate_at_once(database_url, environ):
    script = "import sys; from portal import database as d; d.connect(sys.argv[1]); d.db.connect()"
    script += "; print(d.migrate())"
    start = [sys.executable, "-c", script, database_url]
    both = [subprocess.Popen(start, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(process.communicate(timeout=180)[0].strip() for process in both)
    assert said == ["['0001_initial', '0002_resource_center', '0003_tax_and_bank']", "[]"]


@pytest.mark.parametrize("table", ["fact", "entry", "terms_version", "click"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_facts_and_entries_are_append_only(db, now, table, deed):
    makers.make_program(now)
    alice = makers.make_affiliate("alice", now, password=None)
    makers.make_sale(now, click_id=makers.make_click(alice, now))
    with pytest.raises(peewee.DatabaseError, match=f"{table} is append-only"):
        db.execute_sql(deed.format(table))
