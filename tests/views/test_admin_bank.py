"""Between the office and the bank: the test page, the register, files of checks, stale ones."""

from datetime import timedelta

import pytest

from portal import bank, checks, program
from portal.books import PaperCheck
from portal.models import Audit
from portal.months import month_of
from tests.makers import ADDRESS, make_affiliate, make_earnings, make_run
from tests.papers import texts


@pytest.fixture
def office(login_as, admin):
    return login_as(admin)


def test_the_test_page_follows_the_settings(office, today):
    program.change("check_right", "-7", by="test", now=today)
    answer = office.get("/admin/bank/test-page")
    assert answer.mimetype == "application/pdf"
    assert "Now moved by -7 to the right and by 0 down" in " ".join(texts(answer.data)[0].split())


# --- Files for the bank ------------------------------------------------------------------------


@pytest.fixture
def month(set_up, today):
    return month_of(today, program.load().zone).plus(-1)


@pytest.fixture
def printed(office, month, today):
    """Three checks of $120.00: 501 to 503, the second of somebody with an odd name."""
    program.change("bank_account", "0012345", by="test", now=today)
    for code, payee in (("ann", "Ann Vega"), ("ben", "=Ben, Ito"), ("cleo", "Cleo Roux")):
        who = make_affiliate(
            code, today - timedelta(days=90), password=None, payee=payee, **ADDRESS
        )
        make_earnings(who, month.start(program.load().zone) + timedelta(days=4))
    make_run(month, today)
    checks.print_checks(month, by="test", now=today, first=501, date="2026-03-02")
    return office


def lines(answer):
    return answer.text.splitlines()


def void(month, today, *codes):
    checks.void(month, codes=list(codes), reason="lost", by="test", now=today)


def test_a_file_tells_each_check_once_and_stays_as_it_was(printed, month, today):
    page = printed.get("/admin/bank").text
    assert "3 checks and 0 voids are in no file yet" in page
    assert "disabled" not in page
    assert printed.post("/admin/bank/files").status_code == 303
    first = lines(printed.get("/admin/bank/files/1"))
    assert first == [
        "account,check_number,issue_date,amount,payee,type",
        '0012345,501,2026-03-02,120.00,"=Ben, Ito",issue',
        "0012345,502,2026-03-02,120.00,Ann Vega,issue",
        "0012345,503,2026-03-02,120.00,Cleo Roux,issue",
    ]
    void(month, today, "ann")
    program.change("bank_account", "99", by="test", now=today)
    assert lines(printed.get("/admin/bank/files/1")) == first
    printed.post("/admin/bank/files")
    assert lines(printed.get("/admin/bank/files/2"))[1:] == [
        "99,502,2026-03-02,120.00,Ann Vega,void"
    ]
    page = printed.get("/admin/bank").text
    assert "$360.00" in page
    assert "Every check and void is in a file" in page
    assert "disabled>Make the next file" in page
    assert Audit.select().where(Audit.did == "bank file").count() == 2


def test_one_void_before_any_file_is_told_as_void_alone(printed, month, today):
    void(month, today, "ben")
    printed.post("/admin/bank/files")
    marks = [line.rpartition(",")[2] for line in lines(printed.get("/admin/bank/files/1"))[1:]]
    assert marks == ["void", "issue", "issue"]


def test_a_spoiled_number_is_told_as_void_and_stays_in_the_register(printed, month, today):
    printed.post("/admin/bank/files")
    first = lines(printed.get("/admin/bank/files/1"))
    checks.spoil(month, 502, 502, by="test", now=today)
    checks.print_checks(month, by="test", now=today, date="2026-03-03")
    printed.post("/admin/bank/files")
    assert lines(printed.get("/admin/bank/files/1")) == first
    assert lines(printed.get("/admin/bank/files/2"))[1:] == [
        "0012345,502,2026-03-02,120.00,Ann Vega,void",
        "0012345,504,2026-03-03,120.00,Ann Vega,issue",
    ]
    register = lines(printed.get("/admin/bank/register"))[1:]
    assert [row.split(",")[0] for row in register] == ["501", "502", "503", "504"]
    assert "spoiled" in register[1]


def test_nothing_is_made_without_an_account_or_anything_to_tell(printed, today):
    printed.post("/admin/bank/files")
    answer = printed.post("/admin/bank/files", follow_redirects=True)
    assert "The bank knows everything already" in answer.text
    program.change("bank_account", "", by="test", now=today)
    refused = printed.post("/admin/bank/files", follow_redirects=True).text
    assert "Set the account number first" in refused
    assert "bank_account" not in refused
    assert "check_stock" not in refused
    assert bank.BankFile.select().count() == 1


def test_older_files_come_by_number(printed, month, today, monkeypatch):
    monkeypatch.setattr("portal.office.PAGE", 1)
    printed.post("/admin/bank/files")
    void(month, today, "ann")
    printed.post("/admin/bank/files")
    first = printed.get("/admin/bank").text
    assert "File 2" in first
    assert "before=2" in first
    assert "File 1" in printed.get("/admin/bank?before=2").text
    assert "No file yet" in printed.get("/admin/bank?before=1").text


def test_the_register_has_every_number(printed, month, today):
    void(month, today, "cleo")
    rows = lines(printed.get("/admin/bank/register"))
    assert rows[0].startswith("check_number,check_date,payee")
    assert [row.split(",")[0] for row in rows[1:]] == ["501", "502", "503"]
    assert "'=Ben" in rows[1]  # for people: nothing that a spreadsheet computes
    assert "void,,lost" in rows[3]


def test_checks_that_nobody_cashed_are_listed(printed, month, today):
    old = (today - timedelta(days=182)).date().isoformat()
    recent = (today - timedelta(days=178)).date().isoformat()
    PaperCheck.update(check_date=recent).execute()
    PaperCheck.update(check_date=old).where(PaperCheck.number < 503).execute()
    checks.mark_paid(month, codes=["ann"], by="test", now=today)
    page = printed.get("/admin/bank").text.partition('id="stale"')[2]
    assert "2 of 2" in page
    assert page.count("<td>OR</td>") == 2  # the state whose law claims what nobody cashed
    assert "Checks nobody cashed" in printed.get("/admin/").text
    checks.clear(month, codes=["ann"], by="test", now=today)
    void(month, today, "ben")
    assert "nobody cashed" in printed.get("/admin/bank").text
    assert "Checks nobody cashed" not in printed.get("/admin/").text


def test_what_is_nowhere_and_wrong_methods(office):
    assert office.get("/admin/bank/files/1").status_code == 404
    assert office.get("/admin/bank/files/99999999999").status_code == 404
    assert office.get("/admin/bank/files").status_code == 405
    assert office.post("/admin/bank").status_code == 405
    assert office.get("/admin/bank?before=x").status_code == 200
