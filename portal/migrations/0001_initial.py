"""The first schema, and the triggers that keep facts and entries as they were written."""

from portal import access, books, mail, models, slots, throttle  # noqa: F401
from portal.database import Table, is_sqlite

APPEND_ONLY = {"fact": "", "entry": "", "terms_version": "", "click": "OLD.mark IS NULL"}


def up(migrator, db):
    tables = {*Table.__subclasses__(), *models.Account.__subclasses__()} - {models.Account}
    db.create_tables(tables)
    for table, protected in APPEND_ONLY.items():
        for deed in ("UPDATE", "DELETE"):
            when = f"WHEN ({protected})" if protected and deed == "DELETE" else ""
            name, said = f"{table}_no_{deed.lower()}", f"{table} is append-only"
            if is_sqlite():
                db.execute_sql(
                    f"CREATE TRIGGER {name} BEFORE {deed} ON {table} FOR EACH ROW {when} "
                    f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
                )
                continue
            db.execute_sql(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$BEGIN RAISE EXCEPTION '{said}'; END$$"
            )
            db.execute_sql(
                f"CREATE TRIGGER {name} BEFORE {deed} ON {table} FOR EACH ROW {when} "
                f"EXECUTE FUNCTION {name}()"
            )
