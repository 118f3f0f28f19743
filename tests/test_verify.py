"""`portal verify` finds one value changed behind the portal's back, and names what was changed.

The triggers that refuse such a change are dropped first: whoever owns the database can do that.
"""

from __future__ import annotations

import pytest

from portal import database, payouts, rules, verify
from portal.books import Entry, Order, PaperCheck, Payout, Refund
from portal.models import Affiliate, Click
from tests.player import Player
from tests.tables import case

DAY = 86_400
TABLES = ("fact", "entry", "terms_version", "click")


@pytest.fixture
def books(db, tmp_path) -> Player:
    """A small program in which there is one of everything that can be changed."""
    play = Player(tmp_path)
    play.apply("ann", "ann@x.example", tax_id=False)
    mine, other = play.click("ann"), play.click("ann")
    play.click("ann", mine, robot=True)
    play.now += DAY
    about = {"email": "bob@x.example", "click": mine, "order": "o1", "plan": ("year", 970_00)}
    play.sale("s1", "c1", 970_00, **about)
    play.apply("bob", "bob@x.example")
    play.click("bob", other)
    about = {"email": "cyd@x.example", "click": other, "order": "o2", "plan": ("month", 97_00)}
    play.sale("s2", "c2", 97_00, **about)
    play.refund("r1", "s2", amount=40_00)
    play.refund("r2", "s2", kind="chargeback", amount=10_00)
    play.adjust("bob", 5_00)
    play.set_status("bob", "suspended")
    play.now = play.model.end(play.model.month(play.now)) + 1
    play.run(play.model.month(play.now - DAY))
    drop_triggers()
    return play


def drop_triggers() -> None:
    for table in TABLES:
        if database.is_sqlite():
            query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
            drop = "DROP TRIGGER {}"
        else:
            query = (
                "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass"
            )
            drop = f"DROP TRIGGER {{}} ON {table}"
        for (name,) in database.db.execute_sql(query, (table,)).fetchall():
            database.db.execute_sql(drop.format(name))


def change(sql: str) -> None:
    """One row is changed, with the database's own means."""
    assert database.db.execute_sql(sql).rowcount == 1, sql


def entry(kind: str) -> int:
    return Entry.select().where(Entry.kind == kind).order_by(Entry.id).get().id


def ids() -> dict[str, object]:
    """What the statements below name."""
    people = {row.code: row.id for row in Affiliate.select()}
    return {
        **people,
        "commission": entry("commission"),
        "override": entry("override"),
        "reversal": entry("reversal"),
        "adjustment": entry("adjustment"),
        "payout_entry": entry("payout"),
        "click": Order.get(Order.order_id == "o1").click_id,
        "marked": Click.get(Click.mark.is_null(False)).id,
        "refund": Refund.select().order_by(Refund.id).first().id,
        "payout": Payout.get().id,
        "check": PaperCheck.get().id,
    }


CHANGES = [
    case("credit", "UPDATE orders SET credited_to_id = {bob} WHERE order_id = 'o1'", "Order o1"),
    case("credit-taken",
         "UPDATE orders SET credited_to_id = NULL WHERE order_id = 'o2'", "Order o2"),
    case("rule", "UPDATE orders SET rule = 'R7.1' WHERE order_id = 'o1'", "Order o1"),
    case("ordered-at", "UPDATE orders SET ordered_at = ordered_at + 1 WHERE order_id = 'o1'",
         "Order o1"),
    case("commission", "UPDATE entry SET amount = amount + 1 WHERE id = {commission}",
         "Entry {commission}"),
    case("override", "UPDATE entry SET amount = amount - 1 WHERE id = {override}",
         "Entry {override}"),
    case("reversal", "UPDATE entry SET amount = amount + 1 WHERE id = {reversal}",
         "Entry {reversal}"),
    case("adjustment", "UPDATE entry SET amount = amount + 1 WHERE id = {adjustment}",
         "Entry {adjustment}"),
    case("payout-entry", "UPDATE entry SET amount = amount + 1 WHERE id = {payout_entry}",
         "payout:{payout}"),
    case("whose-entry", "UPDATE entry SET affiliate_id = {bob} WHERE id = {commission}",
         "Entry {commission}"),
    case("when-it-happened", "UPDATE entry SET happened_at = happened_at - 1 WHERE id = {override}",
         "Entry {override}"),
    case("when-an-adjustment", "UPDATE entry SET happened_at = happened_at - 1 "
         "WHERE id = {adjustment}", "Entry {adjustment}"),
    case("kind", "UPDATE entry SET kind = 'override' WHERE id = {commission}",
         "Entry {commission}"),
    case("entry-gone", "DELETE FROM entry WHERE id = {override}", ":2"),
    case("click-time", "UPDATE click SET clicked_at = clicked_at - 1 WHERE id = {click}",
         "Click {click}"),
    case("click-window", "UPDATE click SET days = 91 WHERE id = {click}", "Click {click}"),
    case("click-of", "UPDATE click SET affiliate_id = {bob} WHERE id = {click}", "Click {click}"),
    case("mark-set", "UPDATE click SET mark = 'robot' WHERE id = {click}", "Click {click}"),
    case("mark-taken", "UPDATE click SET mark = NULL WHERE id = {marked}", "Click {marked}"),
    case("mark-changed", "UPDATE click SET mark = 'head' WHERE id = {marked}", "Click {marked}"),
    case("refund", "UPDATE refund SET amount = amount + 1 WHERE id = {refund}", "Refund {refund}"),
    case("refund-asked", "UPDATE refund SET asked = asked + 1 WHERE id = {refund}", "r1"),
    case("refund-kind", "UPDATE refund SET kind = 'chargeback' WHERE id = {refund}", "r1"),
    case("refund-gone", "DELETE FROM refund WHERE id = {refund}", "r1"),
    case("refund-fact", "UPDATE fact SET content = replace(content, '4000', '4001') "
         "WHERE event_id = 'r1'", "r1"),
    case("sale-fact", "UPDATE fact SET content = replace(content, '97000', '97001') "
         "WHERE event_id = 's1'", "s1"),
    case("fact-time", "UPDATE fact SET recorded_at = recorded_at + 1 WHERE event_id = 's1'", "s1"),
    case("fact-clicks", "UPDATE fact SET clicks_to = clicks_to - 1 WHERE event_id = 's1'", "s1"),
    case("payment", "UPDATE payment SET amount = amount + 1 WHERE event_id = 's1'", "s1"),
    case("payment-earner", "UPDATE payment SET override_to_id = NULL WHERE event_id = 's2'", "s2"),
    case("belongs", "UPDATE customer SET belongs_to_id = NULL WHERE customer_id = 'c1'", "c1"),
    case("customer-email", "UPDATE customer SET email_key = 'x@y.example' "
         "WHERE customer_id = 'c1'", "c1"),
    case("status", "UPDATE affiliate SET status = 'active' WHERE code = 'bob'", "bob"),
    case("referrer", "UPDATE affiliate SET referrer_id = NULL WHERE code = 'bob'", "bob"),
    case("email", "UPDATE affiliate SET email_key = 'x@y.example' WHERE code = 'bob'", "bob"),
    case("residence", "UPDATE affiliate SET us_person = FALSE WHERE code = 'bob'", "bob"),
    case("customer-of", "UPDATE affiliate SET customer_id = 1 WHERE code = 'bob'", "bob"),
    case("code", "UPDATE code SET affiliate_id = {ann} WHERE code = 'bob'", "bob"),
    case("browser-gone", "DELETE FROM customer_visitor WHERE customer_id = "
         "(SELECT id FROM customer WHERE customer_id = 'c1')", "c1: browsers"),
    case("browser", "UPDATE customer_visitor SET visitor = visitor + 1 WHERE customer_id = "
         "(SELECT id FROM customer WHERE customer_id = 'c2')", "c2: browsers"),
    case("payout", "UPDATE payout SET amount = amount + 1 WHERE id = {payout}", "Run 2026-01"),
    case("held", "UPDATE not_paid SET amount = amount + 1", "Run 2026-01"),
    case("held-why", "UPDATE not_paid SET reason = 'tax_id'", "Run 2026-01"),
    case("check", "UPDATE paper_check SET status = 'void' WHERE id = {check}", "payout:{payout}"),
    case("rates", "UPDATE terms_version SET year_amount = year_amount + 1", "Entry {commission}"),
    case("counted-clicks", "UPDATE click_day SET clicks = clicks + 1 "
         "WHERE affiliate_id = {bob}", "affiliate {bob}"),
]  # fmt: skip


FIRST = {"credit", "commission", "click-time", "mark-set", "mark-taken", "refund"}


def test_untouched_books_have_no_difference(books) -> None:
    assert verify.run(now=books.at).differences == []


@pytest.mark.parametrize(("sql", "name"), [row for row in CHANGES if row.id in FIRST])
def test_a_change_by_sql_is_named(books, sql: str, name: str) -> None:
    find(books, sql, name)


@pytest.mark.sqlite_only  # the recomputation is the same everywhere, and there are many
@pytest.mark.parametrize(("sql", "name"), [row for row in CHANGES if row.id not in FIRST])
def test_any_change_by_sql_is_named(books, sql: str, name: str) -> None:
    find(books, sql, name)


def find(books: Player, sql: str, name: str) -> None:
    known = ids()
    change(sql.format(**known))
    found = verify.run(now=books.at).differences
    assert [sentence for sentence in found if name.format(**known) in sentence], found


def test_r19_no_run_while_the_last_check_found_a_difference(books) -> None:
    amount = "UPDATE entry SET amount = amount {} 1 WHERE id = {}"
    change(amount.format("+", entry("commission")))
    verify.run(now=books.at)
    books.now = books.model.end(books.model.month(books.now))
    month = books.model.month(books.now - DAY)
    with pytest.raises(rules.Refused):
        payouts.run_month(month, now=books.at, by="test")
    change(amount.format("-", entry("commission")))
    assert verify.run(now=books.at).differences == []
    assert payouts.run_month(month, now=books.at, by="test")["month"] == month
