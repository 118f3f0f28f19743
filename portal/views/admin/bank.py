"""Between the office and the bank: files of checks, the register, stale checks, the test page."""

from flask import Response, abort, flash

from portal import bank, checks, office, paper, printing
from portal.formats import decimal
from portal.views.admin import attempt, blueprint
from portal.views.html import before, for_machines, goto, me, now, page, pdf, table

COLUMNS = ["account", "check_number", "issue_date", "amount", "payee", "type"]


@blueprint.get("/bank", endpoint="bank")
def overview() -> Response:
    files = bank.files(before(), office.PAGE)
    stale = bank.stale(now())
    return page(
        "admin/bank.html",
        files=files,
        older=files[-1]["file"].number if files and files[-1]["file"].number > 1 else None,
        waiting=bank.waiting(),
        stale=list(stale.limit(office.PAGE)),
        stale_count=stale.count(),
        stock=printing.stock(),
        next_number=checks.next_number(),
    )


@blueprint.post("/bank/files")
def make_file() -> Response:
    if number := attempt(bank.make, by=me().email):
        flash(f"File {number} is made.", "good")
    return goto("admin.bank")


@blueprint.get("/bank/files/<int(max=999999999):number>")
def bank_file(number: int) -> Response:
    rows = bank.rows(number) or abort(404)
    cells = (
        [row.file.account, str(row.number), row.check_date, decimal(row.amount), row.payee,
         row.mark]
        for row in rows
    )  # fmt: skip
    return for_machines(f"bank-{number}", [COLUMNS, *cells])


@blueprint.get("/bank/register")
def register() -> Response:
    cells = (
        (s.number, s.check_date, s.payee, s.affiliate, s.month, decimal(s.amount), s.status,
         s.mailed_on, s.void_reason)
        for s in bank.register()
    )  # fmt: skip
    head = "check_number check_date payee affiliate month amount status mailed_on void_reason"
    return table("check-register", head, cells)


@blueprint.get("/bank/test-page")
def test_page() -> Response:
    return pdf("check-test-page", paper.test_page(printing.stock()))
