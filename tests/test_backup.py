"""Backups: what comes back is what was there, on either database, and nothing is paid before it is
confirmed."""

import subprocess
import sys
from datetime import date, timedelta

import pytest

from portal import backup, checks, database, feeds, orders, program, verify
from portal.books import Entry
from portal.models import Affiliate, Click, Setting
from portal.rules import Refused
from tests import makers


@pytest.fixture
def year(db, now):
    """A program with people, clicks, sales, a run and its checks."""
    makers.make_program(now - timedelta(days=60))
    alice = makers.make_affiliate("alice", now - timedelta(days=50), **makers.ADDRESS)
    makers.make_affiliate("Łukasz".lower().replace("ł", "l"), now, name="Łukasz Şahin")
    for number in range(6):
        sell(alice, now - timedelta(days=40), number)
    makers.make_run("2026-02", now)
    checks.print_checks("2026-02", by="test", now=now, first=1001)
    return alice


def sell(affiliate, at, number):
    """A payment of a new customer who clicked, as the API takes it."""
    sale = {
        "event_id": f"sale-{number}",
        "customer_id": f"customer-{number}",
        "email": f"customer{number}@shop.example",
        "amount": 9_700,
        "plan": {"interval": "month", "price": 9_700},
        "click_id": makers.make_click(affiliate, at),
    }
    orders.record_sale(feeds.sale(sale, at), now=at)


def content():
    """Every row of every table, as plain values."""
    tables = sorted(database.db.get_tables())
    read = "SELECT * FROM {} ORDER BY 1"
    return {t: [tuple(r) for r in database.db.execute_sql(read.format(f'"{t}"'))] for t in tables}


def test_a_restore_brings_everything_back(year, now, tmp_path):
    before = content()
    backup.make(tmp_path / "kept.db")
    sell(year, now, 6)
    backup.restore(tmp_path / "kept.db", now=now)
    backup.confirm(1001, by="test", now=now)
    after = content()
    for table in ("setting", "audit", "login_session", "reset_token", "message"):
        del before[table], after[table]
    assert after == before
    assert verify.run(now=now).differences == []
    sell(Affiliate.get(code="alice"), now, 7)  # ids go on where they were


def test_nothing_is_paid_or_printed_before_it_is_confirmed(year, now, tmp_path):
    backup.make(tmp_path / "kept.db")
    backup.restore(tmp_path / "kept.db", now=now)
    assert backup.unconfirmed()
    with pytest.raises(Refused, match="Confirm the highest check number"):
        makers.make_run("2026-03", now + timedelta(days=40))
    with pytest.raises(Refused, match="Confirm the highest check number"):
        checks.print_checks("2026-02", by="test", now=now)
    with pytest.raises(Refused, match="not below"):
        backup.confirm(1000, by="test", now=now)
    backup.confirm(1044, by="test", now=now)
    assert checks.next_number() == 1045
    with pytest.raises(Refused, match="No restore waits"):
        backup.confirm(1044, by="test", now=now)


def test_a_file_that_is_no_backup_changes_nothing(year, now, tmp_path):
    before = Entry.select().count()
    good = tmp_path / "good.db"
    backup.make(good)
    torn = tmp_path / "torn.db"
    torn.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    text = tmp_path / "text.db"
    text.write_text("not a database, but long enough to be looked at")
    for file in (torn, text):
        with pytest.raises(Refused, match="not a backup that can be used"):
            backup.restore(file, now=now)
    assert Entry.select().count() == before
    assert not backup.unconfirmed()


def test_a_backup_of_a_newer_portal_is_refused(year, now, tmp_path):
    file = tmp_path / "newer.db"
    backup.make(file)
    newer = backup.sqlite.connect(file)
    newer.execute(
        "INSERT INTO schema_migration (name, applied) VALUES ('0999_later', '2027-01-01')"
    )
    newer.commit()
    newer.close()
    with pytest.raises(Refused, match="newer portal"):
        backup.restore(file, now=now)


def test_it_is_one_moment_while_others_write(year, now, tmp_path, environ):
    script = (
        "import os, sys; sys.path.insert(0, '.')\n"
        "from portal import config, database\n"
        "from portal.models import Affiliate\n"
        "from tests.test_backup import sell\n"
        "database.connect(config.load(os.environ).database_url).connect()\n"
        "alice = Affiliate.get(code='alice'); print('go', flush=True)\n"
        "for n in range(100, 140): sell(alice, database.utcnow(), n)\n"
    )
    start = [sys.executable, "-c", script]
    with subprocess.Popen(start, env=environ, stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        for number in range(3):
            backup.make(tmp_path / f"{number}.db")
        assert writer.wait(300) == 0
    backup.restore(tmp_path / "1.db", now=now)
    assert verify.run(now=now).differences == []


def test_nightly_ones_are_kept_by_age(year, tmp_path):
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(70)]
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in days[:-1]:
        (folder / f"portal-{day}.db").touch()
    assert backup.nightly(tmp_path, days[-1]) == folder / f"portal-{days[-1]}.db"
    assert backup.nightly(tmp_path, days[-1]) is None
    kept = sorted(file.stem.removeprefix("portal-") for file in folder.iterdir())
    assert kept == [
        "2026-01-01",
        "2026-02-01",
        *(str(day) for day in days[39:] if day.day != 1 or day > date(2026, 2, 8)),
    ]


def test_no_key_is_in_it(year, tmp_path, now):
    backup.make(tmp_path / "kept.db")
    assert (tmp_path / "kept.db").stat().st_mode & 0o777 == 0o600
    assert Setting.get_or_none(name="secret_key") is None
    assert Click.select().count() == 6
    assert program.load().program_name == "Maestro"
