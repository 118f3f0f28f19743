"""Payout runs in the office: preview, run, print, mark as paid, void, reissue (R18 to R21)."""

import csv
import re
from contextlib import contextmanager
from datetime import timedelta

import pytest

from portal import checks, formats, ledger, program
from portal import office as bureau
from portal.books import PaperCheck, Run
from portal.models import Affiliate
from portal.months import month_of
from tests import papers
from tests.makers import ADDRESS, make_affiliate, make_earnings, make_run


@pytest.fixture
def month(set_up, today):
    return month_of(today, program.load().zone).plus(-1)


@pytest.fixture
def office(login_as, admin, month, alice, today):
    """The office, with two affiliates who earned $120.00 and one who earned $40.00 last month."""
    at = month.start(program.load().zone) + timedelta(days=4)
    ben = make_affiliate("ben", today - timedelta(days=90), password=None, **ADDRESS)
    cleo = make_affiliate("cleo", today - timedelta(days=90), password=None, **ADDRESS)
    for affiliate, sales in ((alice, 6), (ben, 6), (cleo, 2)):
        make_earnings(affiliate, at, sales=sales)
    return login_as(admin)


@pytest.fixture
def run(office, month):
    office.post(f"/admin/payouts/{month}/run")
    return f"/admin/payouts/{month}"


def states():
    return sorted(check.status for check in PaperCheck.select())


def test_a_preview_changes_nothing(office, month):
    page = office.get(f"/admin/payouts/{month}").text
    assert "$240.00" in page
    assert "below the minimum" in page
    assert not Run.select().exists()
    assert "ben" in office.get(f"/admin/payouts/{month}?format=csv").text


def test_one_check_is_no_checks(office, month, alice):
    type(alice).update(status="suspended").where(type(alice).code == "ben").execute()
    office.post(f"/admin/payouts/{month}/run")
    assert "ran: 1 check to print." in office.get(f"/admin/payouts/{month}").text


def test_a_preview_says_what_differs_from_the_run_before(office, month, alice, today):
    assert "Unlike" not in office.get(f"/admin/payouts/{month}").text
    make_run(month, today)
    this = month.plus(1)
    for code, sales in (("alice", 7), ("ben", 2), ("mallory", 1)):
        who = Affiliate.get_or_none(code=code) or make_affiliate(code, today, password=None)
        make_earnings(who, this.start(program.load().zone), sales=sales)
    assert "Unlike" in office.get(f"/admin/payouts/{this}").text
    told = {row["code"]: row["unlike_last_run"] for row in csv.DictReader(
        office.get(f"/admin/payouts/{this}?format=csv").text.splitlines())}  # fmt: skip
    assert told == {
        "alice": "$20.00 more",
        "ben": "Paid, $120.00",
        "cleo": "",
        "mallory": "not in it",
    }


def test_the_minimum_is_waived_for_one(office, month):
    assert "Pay Cleo Reyes all the same" in office.get(f"/admin/payouts/{month}").text
    assert "Pay it all the same" in office.get("/admin/affiliates/cleo").text
    assert "Pay it all the same" not in office.get("/admin/affiliates/ben").text
    address = "/admin/affiliates/cleo/waive"
    assert office.post(address, data={"waive-reason": " "}).status_code == 422
    assert office.post(address, data={"waive-reason": "closing"}).status_code == 303
    assert "$280.00" in office.get(f"/admin/payouts/{month}").text
    again = office.post(address, data={"waive-reason": "closing"})
    assert again.status_code == 422
    assert "already" in again.text
    assert office.get(address).status_code == 405


def test_a_run_is_made_once(office, month):
    for _ in range(2):
        assert office.post(f"/admin/payouts/{month}/run").status_code == 303
    assert PaperCheck.select().count() == 2
    assert "1 kept for later" in office.get(f"/admin/payouts/{month}").text
    assert "2 to print" in office.get("/admin/payouts").text


def test_a_month_that_is_not_over_is_refused(office, month):
    answer = office.post(f"/admin/payouts/{month.plus(1)}/run", follow_redirects=True)
    assert f"{formats.month(month.plus(1))} is not over" in answer.text
    assert not Run.select().exists()


def test_a_month_before_the_first_is_run_by_hand_alone(office, month):
    assert "The run starts by itself" in office.get(f"/admin/payouts/{month}").text
    early = office.get(f"/admin/payouts/{program.load().first_month.plus(-1)}").text
    assert "it is run by hand alone" in early
    assert "The run starts by itself" not in early


def test_printing_gives_numbers_and_sheets(office, run):
    answer = office.post(run, data={"do": "print", "everyone": "y", "first": "501"})
    assert answer.location.endswith("/sheets?first=501&last=502")
    page = office.get(answer.location).text
    assert re.findall(r'<th scope="row">(\d+)</th>', page) == ["501", "502"]
    assert page.count("$120.00") == 2
    drawn = papers.texts(office.get(f"{answer.location}&format=pdf").data)[0]
    assert "1418 Alder Court" in drawn
    assert "D. K." in drawn
    assert "Dana" not in drawn


def test_checks_as_a_pdf_on_the_paper_that_is_set(office, run, month, today):
    office.post(run, data={"do": "print", "everyone": "y", "first": "501"})
    address = f"{run}/sheets?first=501&last=502&format=pdf"
    drawn = papers.texts(office.get(address).data)
    assert len(drawn) == 2
    assert "Pay to the order of" in drawn[0]
    program.change("check_stock", "printed", by="test", now=today)
    checks.void(month, codes=["ben"], reason="lost", by="test", now=today)
    first, second = papers.texts(office.get(address).data)
    assert "One hundred twenty and 00/100" in first
    assert "Pay to the order of" not in first
    assert "VOID" in second
    assert "VOID" not in first
    assert office.get(f"{run}/sheets?first=9&format=pdf").status_code == 404


def test_what_was_mailed_is_only_a_copy(office, run):
    office.post(run, data={"do": "print", "everyone": "y", "first": "501"})
    office.post(run, data={"do": "paid", "code": "alice"})
    first, second = papers.texts(office.get(f"{run}/sheets?first=501&last=502&format=pdf").data)
    assert ("COPY" in first, "COPY" in second) == (True, False)


def test_a_name_that_cannot_be_printed_takes_no_number(office, run, alice):
    Affiliate.update(payee="\N{ROCKET} Ventures").where(Affiliate.id == alice.id).execute()
    assert "name or address not printable" in office.get("/admin/").text
    office.post(run, data={"do": "print", "everyone": "y", "first": "501"})
    assert states() == ["issued", "printed"]
    assert PaperCheck.get(status="printed").number == 501
    assert "name or address not printable" in office.get(run).text


def test_marking_as_paid_singly_and_together(office, run):
    office.post(run, data={"do": "print", "everyone": "y"})
    office.post(run, data={"do": "paid", "code": "alice", "mailed": "2026-03-13"})
    assert states() == ["paid", "printed"]
    assert PaperCheck.get(status="paid").mailed_on == "2026-03-13"
    office.post(run, data={"do": "paid", "code": ["alice", "ben"]})
    assert states() == ["paid", "paid"]
    office.post(run, data={"do": "clear", "everyone": "y"})
    assert states() == ["cleared", "cleared"]


@pytest.fixture
def steps(monkeypatch):
    """Deeds to all of a run take one check at a time."""
    monkeypatch.setattr(checks, "STEP", 1)


def hidden(page):
    """What a page sends again by itself."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


def test_many_are_printed_step_by_step(office, run, steps):
    answer = office.post(run, data={"do": "print", "everyone": "y", "first": "501"})
    assert answer.status_code == 200
    page = answer.text
    assert '<progress max="2" value="1"' in page
    assert "1 of 2 done" in page
    assert states() == ["issued", "printed"]
    answer = office.post(run, data=hidden(page), headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"].endswith("/sheets?first=501&last=502")
    assert states() == ["printed", "printed"]
    page = office.get(answer.headers["HX-Redirect"]).text
    assert "2 checks printed" in page
    assert "501 to 501" in page
    assert office.get(f"{run}/sheets?format=pdf").status_code == 404
    assert papers.texts(office.get(f"{run}/sheets?first=502&format=pdf").data)[0]


def test_what_cannot_move_holds_nobody_up(office, run, steps, alice):
    Affiliate.update(status="suspended").where(Affiliate.id == alice.id).execute()
    page = office.post(run, data={"do": "print", "everyone": "y"}).text
    assert "0 of 2 done, 1 cannot" in page
    answer = office.post(run, data=hidden(page), follow_redirects=True)
    assert "1 check printed" in answer.text
    assert "1 check could not move; the list says why" in answer.text
    assert states() == ["issued", "printed"]
    assert PaperCheck.get(status="printed").number == 1


def test_a_later_step_says_why_it_is_refused(office, run, steps, month, today):
    tray = {"do": "print", "everyone": "y", "first": "501", "last": "502"}
    page = office.post(run, data=tray).text
    checks.spoil(month, 501, 501, by="test", now=today)
    checks.print_checks(month, codes=["alice"], first=502, by="test", now=today)
    answer = office.post(run, data=hidden(page), headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"].endswith("/sheets?first=501&last=502")
    page = office.get(answer.headers["HX-Redirect"]).text
    assert "503 is the next number, above the last in the tray" in page
    assert "1 check printed" in page
    assert states() == ["issued", "printed"]


def test_left_half_way_the_rest_goes_on_later(office, run, steps):
    office.post(run, data={"do": "print", "everyone": "y", "first": "501"})
    office.post(run, data={"do": "print", "everyone": "y"})
    assert sorted(check.number for check in PaperCheck.select()) == [501, 502]


@pytest.mark.parametrize("whom", [{"everyone": "y"}, {"code": ["alice", "ben"]}])
def test_no_more_are_printed_than_sheets_are_in_the_tray(office, run, whom):
    tray = {"do": "print", "first": "501", "last": "501"}
    answer = office.post(run, data=tray | whom)
    assert answer.location.endswith("first=501&last=501")
    assert "The tray is used up: 1 check not printed yet." in office.get(answer.location).text
    assert states() == ["issued", "printed"]
    tray |= {"first": "601", "last": "600"}
    answer = office.post(run, data=tray | whom)
    assert answer.status_code == 422
    assert "601 is the next number, above the last in the tray" in answer.text
    assert states() == ["issued", "printed"]


def test_a_tray_that_lies_below_used_numbers_is_refused(office, run):
    office.post(run, data={"do": "print", "code": "alice", "first": "501"})
    answer = office.post(run, data={"do": "print", "everyone": "y", "last": "400"})
    assert answer.status_code == 422
    assert "502 is the next number, above the last" in answer.text
    assert states() == ["issued", "printed"]


def test_a_spoiled_sheet_is_told_and_its_check_is_to_print_again(office, run):
    office.post(run, data={"do": "print", "everyone": "y", "first": "501"})
    sheets = f"{run}/sheets?first=501&last=502"
    assert "Give the number on the sheet" in office.post(sheets, data={"first": ""}).text
    assert "No check of this run" in office.post(sheets, data={"first": "900"}).text
    answer = office.post(sheets, data={"first": "502"}, follow_redirects=True)
    assert "spoiled numbers are never used again" in answer.text
    assert states() == ["issued", "printed"]
    office.post(run, data={"do": "print", "everyone": "y"})
    assert sorted(check.number for check in PaperCheck.select()) == [501, 503]


def test_a_preview_of_many_comes_by_pages_and_lists(office, month, monkeypatch):
    monkeypatch.setattr("portal.office.PAGE", 1)
    address = f"/admin/payouts/{month}"
    page = office.get(address).text
    assert "$240.00" in page
    assert ('"/admin/affiliates/alice"' in page, '"/admin/affiliates/ben"' in page) == (True, False)
    following = office.get(f"{address}?after=alice").text
    assert '"/admin/affiliates/ben"' in following
    assert "after=ben" in following
    kept = office.get(f"{address}?list=carried").text
    assert '"/admin/affiliates/cleo"' in kept
    assert 'rel="next"' not in kept
    assert office.get(f"{address}?list=odd").status_code == 404
    assert len(office.get(f"{address}?format=csv").text.splitlines()) == 4


def test_nothing_moves_unless_it_is_chosen(office, run):
    answer = office.post(run, data={"do": "print"})
    assert answer.status_code == 422
    assert "Choose checks" in answer.text
    assert states() == ["issued", "issued"]
    links = re.findall(r'href="([^"#]+)"', answer.text.partition("<main")[2])
    assert f"{run}?format=csv" in links
    assert {office.get(link).status_code for link in (answer.request.path, *links)} == {200}


@pytest.mark.parametrize(
    "data",
    [{"do": "print", "first": "x"}, {"do": "paid", "mailed": "soon"}, {"do": "burn"},
     {"do": "print", "after": "\0"}, {"do": "print", "everyone": "", "code": "\0"}],
)  # fmt: skip
def test_bad_input_moves_nothing(office, run, data):
    assert office.post(run, data={"everyone": "y"} | data).status_code == 422
    assert states() == ["issued", "issued"]


@pytest.mark.parametrize("number", ["0", "-1", "1000000000", str(2**63)])
def test_numbers_that_no_check_has_are_said(office, run, number):
    answer = office.post(run, data={"do": "print", "everyone": "y", "first": number})
    assert "A check number is 1 to 999,999,999." in answer.text
    assert states() == ["issued", "issued"]


def test_used_numbers_are_refused(office, run):
    office.post(run, data={"do": "print", "code": "ben", "first": "501"})
    answer = office.post(run, data={"do": "print", "code": "alice", "first": "501"})
    assert answer.status_code == 422
    assert "Take one above" in answer.text
    assert re.search(r'value="alice" checked', answer.text)
    assert 'name="everyone" value="y" checked' not in answer.text
    answer = office.post(run, data={"do": "print", "everyone": "y", "first": "0"})
    assert 'name="everyone" value="y" checked' in answer.text
    assert 'name="first" type="number" min="1" value="0"' in answer.text


def test_a_check_is_not_mailed_tomorrow(office, run, today):
    office.post(run, data={"do": "print", "everyone": "y"})
    tomorrow = (today.astimezone(program.load().zone) + timedelta(days=1)).date()
    answer = office.post(run, data={"do": "paid", "everyone": "y", "mailed": tomorrow.isoformat()})
    assert answer.status_code == 422
    assert "give today or a day before" in answer.text
    assert states() == ["printed", "printed"]


def test_who_is_left_out_of_a_whole_run_is_named(office, run, alice):
    Affiliate.update(line1="").where(Affiliate.id == alice.id).execute()
    data = {"do": "print", "everyone": "y"}
    page = office.post(run, data=data, follow_redirects=True).text
    assert "1 check printed" in page
    assert re.search("alice: [^<]*address", page)


def test_any_month_is_asked_for_by_its_name(office, month):
    answer = office.get(f"/admin/payouts?month={month.plus(-7)}")
    assert answer.location == f"/admin/payouts/{month.plus(-7)}"
    assert office.get("/admin/payouts?month=soon").status_code == 404


def test_a_void_asks_back_and_gives_back(office, run, alice):
    office.post(run, data={"do": "print", "everyone": "y"})
    assert "What follows" in office.get(f"{run}/alice/void").text
    for reason in ("", "angry"):
        assert office.post(f"{run}/alice/void", data={"reason": reason}).status_code == 422
    office.post(f"{run}/alice/void", data={"reason": "lost", "note": "in Leeds", "then": "balance"})
    assert states() == ["printed", "void"]
    assert ledger.balance(alice.id) == 12_000
    assert "lost: in Leeds" in office.get(run).text
    again = office.get(f"{run}/alice/void", follow_redirects=True).text
    assert "A check that is void cannot become void" in again
    assert "What follows" not in again
    office.post(f"{run}/alice/reissue")
    assert ledger.balance(alice.id) == 0
    assert states() == ["issued", "printed", "void"]


def test_a_mailed_check_was_sent(office, run):
    office.post(run, data={"do": "print", "everyone": "y"})
    assert 'value="not sent"' in office.get(f"{run}/alice/void").text
    office.post(run, data={"do": "paid", "everyone": "y"})
    assert 'value="not sent"' not in office.get(f"{run}/alice/void").text
    assert office.post(f"{run}/alice/void", data={"reason": "not sent"}).status_code == 422
    assert states() == ["paid", "paid"]


def test_a_void_with_a_new_check_at_once(office, run, alice):
    office.post(f"{run}/alice/void", data={"reason": "stale", "then": "reissue"})
    assert states() == ["issued", "issued", "void"]
    assert ledger.balance(alice.id) == 0


def test_a_void_sent_twice_spares_the_check_that_came_after(office, run, alice):
    part = re.search(r'name="part"[^>]* value="(\d+)"', office.get(f"{run}/alice/void").text)
    form = {"reason": "lost", "then": "reissue", "part": part[1]}
    for _ in range(2):
        answer = office.post(f"{run}/alice/void", data=form, follow_redirects=True)
    assert "Another check took the place" in answer.text
    assert states() == ["issued", "issued", "void"]
    assert ledger.balance(alice.id) == 0


def test_checks_are_filtered(office, run):
    assert "Alice" not in office.get(f"{run}?q=ben").text.partition('id="checks"')[2]
    assert "No check here" in office.get(f"{run}?state=paid").text
    assert office.get(f"{run}?state=odd").status_code == 404
    assert len(office.get(f"{run}?format=csv").text.splitlines()) == 3


@pytest.mark.parametrize("address", ["2026-13", "x", "2026-01/nobody/void", "2026-01/alice/void"])
def test_what_is_nowhere(office, address):
    assert office.get(f"/admin/payouts/{address}").status_code == 404


def test_checks_of_a_month_without_a_run(office, month):
    data = {"do": "print", "everyone": "y"}
    assert office.post(f"/admin/payouts/{month}", data=data).status_code == 404
    assert office.get(f"/admin/payouts/{month}/sheets?first=1").status_code == 404
    assert office.get(f"/admin/payouts/{month}/run").status_code == 405


def test_numbers_that_no_database_holds(office, alice, month):
    huge = "9" * 30
    assert office.get("/admin/payouts/9999-12").status_code == 404
    assert office.get(f"/admin/payouts/{month}/sheets?first=1&last={huge}").status_code == 404
    assert office.get(f"/admin/affiliates/alice?before={huge}").status_code == 200
    assert office.post(f"/admin/mails/{huge}/again").status_code == 404


def test_a_run_made_just_before_a_void_is_not_after_it(office, alice, month, today, monkeypatch):
    earlier, about = month.plus(-1), {"codes": ["alice"], "by": "test", "now": today}
    make_earnings(alice, earlier.start(program.load().zone) + timedelta(days=4))
    make_run(earlier, today)
    begin = checks.transaction

    @contextmanager
    def late():
        make_run(month, today)
        with begin():
            yield

    with monkeypatch.context() as patch:
        patch.setattr(checks, "transaction", late)
        checks.void(earlier, reason="lost", **about)
    assert checks.reissue(earlier, **about)["moved"]


@pytest.mark.parametrize("q", ["Élan", "élan", "ÉLAN V", "éL"])
def test_names_are_found_in_any_case_with_any_letters(office, month, today, q):
    at = month.start(program.load().zone) + timedelta(days=4)
    elan = make_affiliate("e1", today - timedelta(days=90), name="Élan Vital", **ADDRESS)
    make_earnings(elan, at)
    office.post(f"/admin/payouts/{month}/run")
    for address in (f"/admin/payouts/{month}", "/admin/affiliates"):
        page = office.get(address, query_string={"q": q}).text
        assert '"/admin/affiliates/e1"' in page
        assert '"/admin/affiliates/ben"' not in page


def test_pages_of_checks_leave_nobody_out(office, month, today):
    at = month.start(program.load().zone) + timedelta(days=4)
    for number, name in enumerate(["Élan", "Éric", "élan", "ödon", "Öberg", "İnan", "ẞen", "Zoe"]):
        who = make_affiliate(f"p{number}", today - timedelta(days=90), name=name, password=None)
        make_earnings(who, at)
    make_run(month, today)
    codes, more = [], ""
    for _ in range(10):
        rows, more = bureau.checks(month, after=more or "", limit=1)
        codes += [paper.affiliate.code for paper in rows]
    assert sorted(codes) == ["alice", "ben", *(f"p{number}" for number in range(8))]
