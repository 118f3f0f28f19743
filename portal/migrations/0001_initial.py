"""The first schema, frozen: tables, indexes, and the triggers that keep facts and entries."""

from pathlib import Path

from peewee import SqliteDatabase


def up(migrator, db):
    kind = "sqlite" if isinstance(db, SqliteDatabase) else "postgresql"
    script = Path(__file__).with_name(f"0001_initial.{kind}.sql").read_text()
    for statement in script.strip().split("\n\n")[1:]:
        db.execute_sql(statement)
