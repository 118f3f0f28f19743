"""CSV files in and out: checked whole first, applied in order, the same both ways."""

import csv
from datetime import UTC, datetime

import pytest

from portal import (
    accounts,
    affiliates,
    database,
    feeds,
    orders,
    rules,
    sheets,
    traffic,
    transfer,
    vault,
    verify,
    visits,
)
from portal.books import Customer, Entry, Order, Refund
from portal.models import Affiliate, Audit, Click, Fact

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0"}


@pytest.fixture
def take(db, tmp_path):
    """Take in a file of these lines; returns (new, problems)."""

    def take(kind, *lines, now=LATER, file=None):
        path = file or tmp_path / f"{kind}-in.csv"
        if not file:
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        rows, problems = transfer.check(kind, path, now=now)
        if problems:
            return 0, problems
        return transfer.apply(
            kind, rows, by="test", clock=lambda: now, progress=lambda done: None
        ), []

    return take


@pytest.fixture
def export(db, tmp_path):
    """Write a kind to a file; returns the file."""

    def export(kind, name="out"):
        file = tmp_path / f"{kind}-{name}.csv"
        transfer.export(kind, file, now=LATER)
        return file

    return export


@pytest.fixture
def ada(db):
    said = {"email": "ada@lists.example", "name": "Ada", "code": "ada", "us_person": False}
    return affiliates.apply(now=NOW, **said)[0]


def rows(file):
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def click(code):
    seen = visits.read(code, headers=BROWSER, now=NOW, sub_id="mail")
    return traffic.record_click(seen).click_id


def sell(**said):
    usual = {"customer_id": "c1", "email": "cy@shop.example", "amount": 9700}
    return orders.record_sale(feeds.sale({**usual, **said}, NOW), now=NOW)


def give_back(**said):
    return orders.record_refund(feeds.refund(said, NOW), now=NOW)


# --- Problems ----------------------------------------------------------------------------------

SALES = "event_id,customer_id,email,amount"


@pytest.mark.parametrize(
    ("kind", "lines", "places"),
    [
        ("sales", [""], ["Line 1, column 1"]),
        ("sales", ["event_id,colour"], ["Line 1, column 2"]),
        ("sales", ["event_id,event_id"], ["Line 1, column event_id"]),
        ("sales", [SALES, "e,c,c@x.example"], ["Line 2, column amount"]),
        ("sales", [SALES, "e,c,c@x.example,1,2"], ["Line 2, column amount"]),
        ("sales", [SALES, "e,c,c@x.example,1.00"], ["Line 2, column amount"]),
        ("sales", [SALES, "e,c,c@x.example,$5"], ["Line 2, column amount"]),
        ("sales", [SALES, "e,c,c@x.example,"], ["Line 2, column amount"]),
        ("sales", [SALES, ",c,c@x.example,1", "e,,c@x.example,1"], ["Line 2", "Line 3"]),
        ("sales", [SALES, '"a\nb",c,c@x.example,1', "e,c,,x"], ["Line 2", "Line 4"]),
        ("sales", [SALES, "e,c,,1"], ["Line 2, column email"]),
        ("sales", [SALES, "e,c,c@x.example,1", "e,c,c@x.example,1"], ["Line 3, column event_id"]),
        ("sales", [SALES, 'e,c,"c@x.example,1'], ["Line 2, column 1"]),
        ("sales", [f"{SALES},plan_price", "e,c,c@x.example,1,5"], ["Line 2, column plan_interval"]),
        (
            "sales",
            [f"{SALES},order_id", "e,c,c@x.example,1,o", "f,d,d@x.example,1,o"],
            ["Line 3, column order_id"],
        ),
        (
            "sales",
            [
                f"{SALES},order_id,plan_interval,plan_price",
                "e,c,c@x.example,0,o,month,0",
                "f,c,,500,o,,",
            ],
            ["Line 3, column plan_price"],
        ),
        ("sales", [f"{SALES},occurred_at", "e,c,c@x.example,1,2026-01-01"], ["Line 2, column occ"]),
        ("sales", [f"{SALES},occurred_at", "e,c,c@x.example,1,2027-01-01T00:00:00Z"], ["Line 2"]),
        ("refunds", ["event_id,sale_event_id", "r,r"], ["Line 2, column sale_event_id"]),
        ("refunds", ["event_id,sale_event_id,kind", "r,s,gift"], ["Line 2, column kind"]),
        ("customers", ["customer_id,belongs_to", "c,nobody"], ["Line 2, column belongs_to"]),
        ("customers", ["customer_id,paid_before", "c,perhaps"], ["Line 2, column paid_before"]),
        ("customers", ["customer_id", "c", "c"], ["Line 3, column customer_id"]),
        ("clicks", ["click_id,code,clicked_at", "k,nobody,2026-01-01T00:00:00Z"], ["Line 2, col"]),
        ("affiliates", ["email,name", "x,X"], ["Line 2, column email"]),
        ("affiliates", ["email,name,tax_id", "x@x.example,X,12"], ["Line 2, column tax_id"]),
        ("affiliates", ["email,name,status", "x@x.example,X,gone"], ["Line 2, column status"]),
        ("affiliates", ["email,name,referrer", "x@x.example,X,y"], ["Line 2, column referrer"]),
        ("affiliates", ["email,name,code", "x@x.example,X,ada"], ["Line 2, column code"]),
        (
            "affiliates",
            ["email,name", "x@x.example,X", "X+1@x.example,Y"],
            ["Line 3, column email"],
        ),
    ],
)
def test_problems_have_a_place_and_nothing_is_taken_in(take, ada, kind, lines, places):
    facts = Fact.select().count()
    new, problems = take(kind, *lines)
    assert new == 0
    assert len(problems) == len(places), problems
    for problem, place in zip(problems, places, strict=True):
        assert problem.startswith(place)
    assert Fact.select().count() == facts


def test_a_forgotten_first_line_is_told_without_its_numbers(take):
    _, (email, name, tax_id) = take("affiliates", "x7@x.example,X,219-45-6780")
    assert "no column 'x#@x.example' in affiliates" in email
    assert "no column 'X'" in name
    assert "no column '###-##-####'" in tax_id


def test_a_file_that_is_not_text(take, tmp_path):
    file = tmp_path / "bytes.csv"
    file.write_bytes(b"event_id,customer_id\n\xff\xfe,c\n")
    assert "UTF-8" in take("sales", file=file)[1][0]


def test_no_writer_waits_for_a_check(take, ada, monkeypatch):
    real, bound, seen = transfer._take, database.db.obj, []

    def taken(*about):
        seen.append((bound.in_transaction(), database.db.obj is bound))
        return real(*about)

    monkeypatch.setattr(transfer, "_take", taken)
    take("customers", "customer_id,email", "c,c@shop.example")
    assert seen == [(False, False), (True, True)]  # in the copy, and then for good


# --- Taking in ---------------------------------------------------------------------------------


def test_a_program_moves_here(take):
    """What another program knew: people, customers, clicks, and the sales since."""
    people = ["email,name,code,status,referrer,applied_at"]
    people += ["bob@x.example,Bob,bob,suspended,ada,2020-02-01T00:00:00Z"]
    people += ["ada@x.example,Ada,ada,active,,2020-01-01T00:00:00+01:00"]
    assert take("affiliates", *people) == (2, [])
    bob = Affiliate.get(code="bob")
    assert (bob.status, bob.referrer.code, bob.applied_at.year) == ("suspended", "ada", 2020)
    customers = ["customer_id,email,belongs_to,paid_before", "c1,c1@x.example,ADA,true"]
    customers += ["c2,c2@x.example,,true", "c3,c3@x.example,,false"]
    assert take("customers", *customers) == (3, [])
    assert Customer.get(customer_id="c1").belongs_to.code == "ada"
    clicks = ["click_id,code,clicked_at,visitor", "old-1,ada,2026-04-20T00:00:00Z,v1"]
    assert take("clicks", *clicks) == (1, [])
    sales = ["event_id,customer_id,email,amount,click_id", "e1,c1,,1000,", "e2,c2,,1000,"]
    sales += ["e3,c3,,1000,old-1"]
    assert take("sales", *sales) == (3, [])
    credits = [(order.rule, order.credited_to_id) for order in Order.select().order_by(Order.id)]
    ada = Affiliate.get(code="ada").id
    assert credits == [("R7.1", ada), ("R7.1", None), ("R7.4", ada)]
    assert take("refunds", "event_id,sale_event_id,amount", "r1,e1,500") == (1, [])
    assert accounts.standing(Affiliate.get(code="ada"), now=LATER)["balance"] == 300
    assert verify.run(now=LATER).differences == []


def test_the_log_says_what_was_new(take, ada):
    for _ in range(2):
        take("customers", "customer_id,email", "c,c@shop.example", "d,d@shop.example")
    (row,) = Audit.select().where(Audit.did == "import")
    assert (row.by, row.subject, row.detail) == ("test", "customers", {"rows": 2, "new": 2})


def test_a_file_given_again_changes_nothing(take, ada):
    lines = [f"{SALES},occurred_at", "e1,c,c@x.example,100,", "e2,c,,50,2026-01-01T00:00:00Z"]
    assert take("sales", *lines) == (2, [])
    assert take("sales", *lines, "e3,c,,5,") == (1, [])
    new, problems = take("sales", lines[0], "e1,c,c@x.example,101,")
    assert (new, problems) == (
        0,
        ["Line 2, column event_id: The event id e1 was recorded with other content."],
    )


def test_a_file_that_was_stopped_is_finished_by_giving_it_again(take, tmp_path, db):
    file = tmp_path / "many.csv"
    lines = [f"e{number},c{number},c@x.example,100" for number in range(120)]
    file.write_text("\n".join([SALES, *lines]) + "\n")
    found, _ = transfer.check("sales", file, now=LATER)

    def stop(done):
        if done >= 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        transfer.apply("sales", found, by="test", clock=lambda: LATER, progress=stop)
    assert Fact.select().count() == 50
    assert take("sales", file=file) == (70, [])


def test_what_changed_since_the_check_is_told_with_its_line(db, tmp_path):
    file = tmp_path / "sales.csv"
    file.write_text(f"{SALES}\ne1,c,c@x.example,100\n")
    found, _ = transfer.check("sales", file, now=LATER)
    sell(event_id="e1")
    with pytest.raises(rules.Refused, match=r"^Line 2"):
        transfer.apply("sales", found, by="test", clock=lambda: LATER, progress=lambda done: None)


def test_refunds_are_judged_one_after_the_other(take, ada):
    sell(event_id="s", amount=100)
    header = "event_id,sale_event_id,kind,amount"
    won = ["won,s,chargeback_reversed,", "back,s,chargeback,100", "r,s,refund,60"]
    assert take("refunds", header, *won, "q,s,refund,41")[1] == [
        "Line 5, column amount: Only 40 cents are left to refund of this sale."
    ]
    assert take("refunds", header, *won) == (3, [])


# --- Both ways ---------------------------------------------------------------------------------


def test_everything_goes_out_and_comes_back(take, export, ada):
    bob = {"email": "bob@x.example", "name": "=1+1", "code": "bob", "payee": "'Bob", "line1": "-1"}
    affiliates.apply(now=NOW, **bob)
    one = click("ada")
    click("bob")
    plan = {"interval": "year", "price": 97_000, "name": "@Team"}
    sell(event_id="s1", click_id=one, amount=97_000, plan=plan, name="+Cy", order_id="=o")
    give_back(event_id="r1", sale_event_id="s1", amount=1000)
    give_back(event_id="r2", sale_event_id="s1", kind="chargeback")
    give_back(event_id="r3", sale_event_id="later", amount=5)
    before = {kind: export(kind).read_bytes() for kind in transfer.EXPORTS}
    for kind in transfer.IMPORTS:
        file = export(kind, "again")
        assert take(kind, file=file) == (0, []), kind
    assert {kind: export(kind).read_bytes() for kind in transfer.EXPORTS} == before
    assert Click.select().count() == 2
    assert Refund.select().count() == 3


def test_formulas_are_made_harmless_and_numbers_stay_numbers(take, export, ada):
    lines = ["customer_id,email,name", "=c,c@x.example,@SUM(A1)", "-1,,'quoted", "+2,,''twice"]
    take("customers", *lines)
    names = [row["name"] for row in rows(export("customers"))]
    assert names == ["'@SUM(A1)", "''quoted", "''twice"]
    assert [row["customer_id"] for row in rows(export("customers"))] == ["'=c", "'-1", "'+2"]
    sell(event_id="s", customer_id="=c", click_id=click("ada"), amount=100)
    give_back(event_id="r", sale_event_id="s")
    assert [row["amount"] for row in rows(export("ledger"))] == ["20", "-20"]


@pytest.mark.parametrize("kind", transfer.EXPORTS)
def test_the_first_line_is_the_columns(export, ada, kind):
    first = export(kind).read_text().splitlines()[0]
    assert first.split(",") == sheets.columns(kind)


def test_what_an_export_says(export, ada):
    sell(event_id="s", click_id=click("ada"), amount=1000)
    sale = rows(export("sales"))[0]
    assert (sale["plan_interval"], sale["occurred_at"]) == ("", "2026-03-15T12:00:00Z")
    order = rows(export("orders"))[0]
    assert (order["plan_interval"], order["plan_price"], order["earned"]) == ("once", "1000", "200")
    entry = rows(export("ledger"))[0]
    assert (entry["affiliate"], entry["kind"], entry["event_id"]) == ("ada", "commission", "s")
    person = rows(export("affiliates"))[0]
    assert (person["code"], person["balance"], person["us_person"]) == ("ada", "200", "false")
    assert person["tax_id"] == ""
    assert Entry.select().count() == 1


def test_a_tax_id_never_goes_out(export, ada, tmp_path):
    vault.use(tmp_path)
    affiliates.change_tax_id(ada, "12-3456788", by="test", now=NOW)
    text = export("affiliates").read_text()
    assert "3456788" not in text
    assert rows(export("affiliates"))[0]["tax_id_on_file"] == "true"


def test_a_time_a_little_ahead_goes_out_as_it_was_taken(take, export, ada):
    ahead = "2026-03-15T12:04:00Z"
    sell(event_id="s", ordered_at=ahead, click_id=click("ada"))
    sale = rows(export("sales"))[0]
    assert sale["ordered_at"] == sale["occurred_at"] == "2026-03-15T12:00:00Z"
    assert take("sales", file=export("sales")) == (0, [])
