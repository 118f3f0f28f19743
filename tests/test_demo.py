"""The demo: a year that shows everything the portal does, and whose books agree."""

from datetime import UTC, datetime

import pytest

from portal import access, accounts, database, demo, rules, vault, verify
from portal.books import Entry, PaperCheck, Refund, Run
from portal.models import Affiliate, Click

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)


@pytest.mark.sqlite_only
def test_the_year_has_something_of_everything_and_its_logins_work(database_url, tmp_path):
    vault.use(tmp_path)
    database.connect(database_url).connect()
    passwords = demo.build(NOW)
    for name, password in passwords.items():
        assert access.sign_in(name, password, now=NOW, ip="127.0.0.1")
    assert Run.select().count() == 12
    assert {entry.kind for entry in Entry.select()} >= {
        *(rules.COMMISSION, rules.OVERRIDE, rules.REVERSAL, rules.PAYOUT, rules.PAYOUT_VOID)
    }
    assert {refund.kind for refund in Refund.select()} == {rules.REFUND, rules.CHARGEBACK}
    assert {check.status for check in PaperCheck.select()} >= {"issued", "cleared", "void"}
    assert Click.select().where(Click.mark.is_null(False)).count() > 50
    held = {accounts.hold(affiliate, now=NOW) for affiliate in Affiliate.select()}
    assert held == {None, rules.HELD_SUSPENDED, rules.HELD_TAX_ID}
    assert verify.run(now=NOW).differences == []
    database.db.close_all()
