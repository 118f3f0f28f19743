"""Sheets of printed checks: the PDF for the printer, and what the printer spoiled (R21)."""

from flask import Response, abort, flash, request

from portal import checks, office, printing, rules
from portal.forms.office import SpoilForm
from portal.rules import Refused
from portal.views.admin import blueprint, month_of, say
from portal.views.html import goto, me, now, page, pdf


def _check_number(text: str) -> int:
    return int(text[:9])


@blueprint.route("/payouts/<month>/sheets", methods=["GET", "POST"])
def sheets(month: str) -> Response:
    """Printed checks by their numbers with the PDF of them, a page each, and what was spoiled."""
    month, form = month_of(month), SpoilForm()
    first, last = (request.args.get(name, 0, type=_check_number) for name in ("first", "last"))
    span = (first, last or first or 999_999_999)
    if form.validate_on_submit():
        burned = form.first.data, form.last.data or form.first.data
        try:
            done = checks.spoil(month, *burned, by=me().email, now=now())
        except Refused as problem:
            form.refuse(problem)
        else:
            say("spoil", done)
            return goto("admin.run", month=month, state=rules.ISSUED)
    piles = office.sheets(month, *span, checks.STEP) or abort(404)
    papers = office.printed(month, *span) if len(piles) == 1 else []
    if request.args.get("format") == "pdf":
        try:
            found = [paper.check for paper in papers] or abort(404)
            return pdf(f"checks-{month}-{span[0]}", printing.pages(found, now=now()))
        except Refused as problem:
            flash(str(problem), "bad")
    return page("admin/sheets.html", piles=piles, papers=papers, month=month, form=form)
