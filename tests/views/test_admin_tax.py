"""The tax year in the office: who gets a form, filing, copies, and whole tax IDs (R22)."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from portal import checks, filing, program, taxyear
from portal.models import Affiliate, Audit
from portal.months import month_of
from portal.rules import Plan
from tests.makers import (
    ADDRESS,
    PASSWORD,
    make_affiliate,
    make_click,
    make_earnings,
    make_run,
    make_sale,
)
from tests.papers import texts

YEARLY = Plan("year", 116_400)
LOOK = {"reason": "the bank asks", "current": PASSWORD}
PAYER = {
    "payer_name": "Maestro Conference Inc",
    "payer_tax_id": "12-3456789",
    "payer_phone": "(510) 555-0100",
    "program_address": "410 Harbor Way\nSuite 200\nOakland, CA 94607",
}


@pytest.fixture
def month(set_up, today):
    return month_of(today, program.load().zone).plus(-1)


@pytest.fixture
def year(set_up, today):
    return today.astimezone(program.load().zone).year


@pytest.fixture
def office(app, login_as, admin, month, today):
    """The office, with a check for ann of $2,000.00, ben of $640.00, and cleo abroad of $120.00."""
    at = month.start(program.load().zone) + timedelta(days=4)
    told = {"us_person": True, "password": None, **ADDRESS}
    for code, name, years, sales, more in (
        ("ann", "Ann Mary Vega Jr.", 10, 0, {"tax_id": "219-45-6780"}),
        ("ben", "Ben Ito", 3, 2, {"tax_id": "94-3216540", "company": "Ben's Desk"}),
        ("cleo", "Cleo Roux", 0, 6, {"us_person": False, "country": "FR"}),
    ):
        who = make_affiliate(code, today - timedelta(days=95), name=name, **told | more)
        make_earnings(who, at, sales=sales)
        for _ in range(years):
            make_sale(at, click_id=make_click(who, at), amount=116_400, plan=YEARLY)
    make_run(month, today)
    checks.print_checks(month, by="test", now=today, first=501)
    return login_as(admin)


def test_each_is_told_with_the_reason(office, year):
    page = office.get(f"/admin/tax?year={year}").text
    assert "Reaches $2,000.00, the amount set by law." in page
    assert "Above $600.00, as the program promises." in page
    assert "Not a U.S. person." in page
    assert "1 by law, 1 by our promise" in page
    assert "$2,640.00" in page
    assert "SSN ending 6780" in page
    assert "219-45" not in page


def test_a_csv_of_the_year(office, year):
    rows = list(csv.DictReader(io.StringIO(office.get(f"/admin/tax?year={year}&format=csv").text)))
    assert [(row["code"], row["checks"], row["form"]) for row in rows] == [
        ("ann", "2000.00", "yes"),
        ("ben", "640.00", "yes"),
        ("cleo", "120.00", "no"),
    ]


def test_a_year_without_checks_and_what_is_no_year(office):
    assert "No check is dated in 2020" in office.get("/admin/tax?year=2020").text
    for odd in ("1999", "x", "-5", "9" * 30):
        assert office.get(f"/admin/tax?year={odd}").status_code == 404
    assert office.get("/admin/tax/x/file").status_code == 404


def test_pages_of_many(office, year, monkeypatch):
    monkeypatch.setattr("portal.office.PAGE", 2)
    first = office.get(f"/admin/tax?year={year}").text
    assert "2 of 3" in first
    assert "Cleo Roux" not in first
    assert "Cleo Roux" in office.get(f"/admin/tax?year={year}&after=ben").text


def test_an_amount_is_confirmed(office):
    data = {"year": "2028", "amount": "$2,100.00", "source": "https://tax.example/notice"}
    assert office.post("/admin/tax", data=data).status_code == 303
    assert taxyear.statutory(2028) == (210_000, True)
    assert "https://tax.example/notice" in office.get("/admin/tax").text


@pytest.mark.parametrize(
    "change",
    [{"year": ""}, {"year": "2026"}, {"amount": "much"}, {"amount": "1999.00"}, {"source": ""},
     {"year": "9" * 30}, {"amount": "2,150.00"}],
)  # fmt: skip
def test_an_amount_that_cannot_be_is_said(office, change):
    data = {"year": "2028", "amount": "$2,100.00", "source": "https://tax.example/notice"}
    answer = office.post("/admin/tax", data=data | change)
    assert answer.status_code == 422
    assert "to fix" in answer.text
    assert taxyear.confirmed() == {}
    assert office.get(f"{answer.request.path}?format=csv").status_code == 200


@pytest.fixture
def january(year):
    with time_machine.travel(datetime(year + 1, 1, 20, 18, tzinfo=UTC)):
        yield


def test_a_year_that_is_not_over_is_not_filed(office, year):
    assert "disabled>Mark" in office.get(f"/admin/tax?year={year}").text
    office.post(f"/admin/tax/{year}/filed")
    page = office.get(f"/admin/tax?year={year}").text
    assert "once the year is over" in page
    assert "marked as filed" not in page


def test_filed_and_voided_after(office, year, month, today, january, login_as, admin):
    office = login_as(admin)
    assert "Mark 2 forms, $2,640.00, as filed" in office.get(f"/admin/tax?year={year}").text
    office.post(f"/admin/tax/{year}/filed")
    assert "2 forms of" in office.get(f"/admin/tax?year={year}").text
    checks.void(month, codes=["ben"], reason="stale", by="test", now=today)
    page = office.get(f"/admin/tax?year={year}").text.partition('id="later"')[2]
    assert "$640.00" in page
    assert "stale" in page
    assert [
        "CORRECTED" in copy for copy in texts(office.get(f"/admin/tax/{year}/copies").data)
    ] == [
        False,
        True,
    ]
    office.post(f"/admin/tax/{year}/filed")
    assert "Nothing changed since" in office.get(f"/admin/tax?year={year}").text


# --- Recipients' copies ------------------------------------------------------------------------


def test_copies_have_a_page_each(office, year, month, today):
    program.change("payer_name", "Maestro Conference Inc", by="test", now=today)
    answer = office.get(f"/admin/tax/{year}/copies")
    assert answer.mimetype == "application/pdf"
    first, second = texts(answer.data)
    assert "Maestro Conference Inc" in first
    assert "$2,000.00" in first
    assert "6780" in first
    assert "219-45" not in first
    assert "Ben Ito" in second


def test_without_a_form_there_is_no_copy(office):
    answer = office.get("/admin/tax/2020/copies", follow_redirects=True)
    assert "Nobody gets a form for 2020" in answer.text


# --- Whole tax IDs -----------------------------------------------------------------------------


def looks():
    return [(row.by, row.did, row.subject, row.detail["reason"]) for row in Audit.select().where(
        Audit.did.in_(("tax ID revealed", "tax file")))]  # fmt: skip


def test_a_tax_id_is_shown_once_and_who_looked_is_kept(office):
    assert "219" not in office.get("/admin/tax/reveal/ann").text.partition("<main")[2]
    answer = office.post("/admin/tax/reveal/ann", data=LOOK)
    assert answer.status_code == 200
    assert "219-45-6780" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "94-3216540" in office.post("/admin/tax/reveal/ben", data=LOOK).text
    about = ("office@example.com", "tax ID revealed")
    assert looks() == [(*about, "ann", "the bank asks"), (*about, "ben", "the bank asks")]
    assert "the bank asks" in office.get("/admin/affiliates/ann").text


@pytest.mark.parametrize("change", [{"reason": " "}, {"current": "wrong"}, {"current": ""}])
def test_without_reason_or_password_nothing_is_shown(office, change, year, today):
    for name, text in PAYER.items():
        program.change(name, text, by="test", now=today)
    for address in ("/admin/tax/reveal/ann", f"/admin/tax/{year}/file"):
        answer = office.post(address, data=LOOK | change)
        assert answer.status_code == 422
        assert "6780" not in answer.text.replace("SSN ending 6780", "")
    assert looks() == []


def test_who_looks_too_often_has_to_wait(office, monkeypatch):
    monkeypatch.setattr(filing, "MOST", 2)
    statuses = [office.post("/admin/tax/reveal/ann", data=LOOK).status_code for _ in range(3)]
    assert statuses == [200, 200, 422]
    assert len(looks()) == 2


def test_a_key_that_is_lost_is_said_and_not_a_crash(office, app):
    (app.config["PORTAL"].data / "vault-keys.json").unlink()
    answer = office.post("/admin/tax/reveal/ann", data=LOOK)
    assert answer.status_code == 422
    assert "cannot be read" in answer.text


@pytest.mark.parametrize("code", ["nobody", "cleo"])
def test_what_is_not_on_file_is_nowhere(office, code):
    assert office.post(f"/admin/tax/reveal/{code}", data=LOOK).status_code == 404


def test_the_file_for_filing_has_every_form_with_whole_tax_ids(office, year, today, tmp_path):
    for name, value in PAYER.items():
        program.change(name, value, by="test", now=today)
    Affiliate.update(line1="=1418 Alder Court").where(Affiliate.code == "ben").execute()
    answer = office.post(f"/admin/tax/{year}/file", data=LOOK)
    assert answer.headers["Content-Disposition"].endswith('.csv"')
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert list(rows[0]) == filing.COLUMNS
    assert len(filing.COLUMNS) == 54
    ann, ben = ({k.removeprefix("Recipient "): v for k, v in row.items() if v} for row in rows)
    assert ann["Taxpayer ID Number"] == "219456780"
    assert (ann["First Name"], ann["Middle Name"]) == ("Ann", "Mary")
    assert (ann["Last Name (Surname)"], ann["Suffix"]) == ("Vega", "Jr.")
    assert ann["Box 1 - Nonemployee compensation"] == "2000.00"
    assert ann["Payer Business or Entity Name Line 1"] == "Maestro Conference Inc"
    assert ann["Payer City/Town"] == "Oakland"
    assert ann["Payer Address Line 2"] == "Suite 200"
    assert (ben["Name Type"], ben["Business or Entity Name Line 1"]) == ("B", "Ben's Desk")
    assert ben["Address Line 1"] == "=1418 Alder Court"  # for a machine: as it is
    assert looks() == [("office@example.com", "tax file", str(year), "the bank asks")]
    left = [
        file for file in tmp_path.rglob("*") if file.is_file() and b"219456780" in file.read_bytes()
    ]
    assert left == []


def test_the_file_follows_the_header_of_the_filing_service(office, year, today, monkeypatch):
    for name, value in PAYER.items():
        program.change(name, value, by="test", now=today)
    renamed = ["Occupation code", *reversed(filing.COLUMNS)]
    renamed[renamed.index("Box 1 - Nonemployee compensation")] = "Box 1a – nonemployee Compensation"
    pasted = LOOK | {"header": "\t".join(renamed) + "\nan example\tbelow"}
    rows = list(
        csv.DictReader(io.StringIO(office.post(f"/admin/tax/{year}/file", data=pasted).text))
    )
    assert list(rows[0]) == renamed
    assert rows[0]["Box 1a – nonemployee Compensation"] == "2000.00"
    assert (rows[0]["Tax Year"], rows[0]["Occupation code"]) == (str(year), "")
    answer = office.post(f"/admin/tax/{year}/file", data=LOOK | {"header": "Form Type,Tax Year"})
    assert answer.status_code == 422
    assert "has no column for" in answer.text
    assert "219456780" not in answer.text


def test_more_forms_than_a_file_takes_come_in_several(office, year, today, monkeypatch):
    monkeypatch.setattr(filing, "FILE", 1)
    for name, value in PAYER.items():
        program.change(name, value, by="test", now=today)
    page = office.get(f"/admin/tax/{year}/file").text
    assert ("1 to 1" in page, "2 to 2" in page, "3 to 3" in page) == (True, True, False)
    files = [office.post(f"/admin/tax/{year}/file", data=LOOK | {"first": n}).text for n in "12"]
    assert [len(list(csv.DictReader(io.StringIO(file)))) for file in files] == [1, 1]
    assert files[0] != files[1]
    assert office.post(f"/admin/tax/{year}/file", data=LOOK | {"first": "9"}).status_code == 422


def test_the_file_says_what_is_not_known_of_the_payer(office, year):
    where = f"/admin/tax/{year}/file"
    assert office.get(where).status_code == 303  # before a reason is asked for
    said = office.get("/admin/tax").text
    assert "Give the payer&#39;s EIN and an address of the program whose last line" in said
    assert office.post(where, data=LOOK).status_code == 303
    assert looks() == []


def test_the_payer_is_the_program_where_no_legal_name_is_set(office, year, today):
    for name in ("payer_tax_id", "program_address"):
        program.change(name, PAYER[name], by="test", now=today)
    file = office.post(f"/admin/tax/{year}/file", data=LOOK).text
    row = next(csv.DictReader(io.StringIO(file)))
    assert row["Payer Business or Entity Name Line 1"] == program.load().program_name


def test_the_last_day_to_send_is_a_workday():
    assert taxyear.due_day(2025) == date(2026, 2, 2)
    assert taxyear.due_day(2026) == date(2027, 2, 1)
    assert taxyear.due_day(2027) == date(2028, 1, 31)


def test_wrong_method(office, year):
    assert office.get(f"/admin/tax/{year}/filed").status_code == 405
    assert office.post(f"/admin/tax/{year}/copies").status_code == 405
