"""Sheets of printed checks: the PDF for the printer, and what the printer spoiled (R21)."""

from flask import Response, abort, request

from portal import checks, office, printing, rules
from portal.forms.office import SpoilForm
from portal.views.admin import attempt, blueprint, month_of, say
from portal.views.html import goto, me, now, page, pdf


@blueprint.route("/payouts/<month>/sheets", methods=["GET", "POST"])
def sheets(month: str) -> Response:
    """Printed checks by their numbers with the PDF of them, a page each, and what was spoiled."""
    month, form = month_of(month), SpoilForm()
    asked = request.args.get
    first, last = (asked(name, 0, type=lambda n: int(n[:9])) for name in ("first", "last"))
    span = (first, last or first or 999_999_999)
    if form.validate_on_submit():
        burned = form.first.data, form.last.data or form.first.data
        with form.refusals():
            done = checks.spoil(month, *burned, by=me().email, now=now())
            say("spoil", done)
            return goto("admin.run", month=month, state=rules.ISSUED)
    piles = office.sheets(month, *span, checks.STEP) or abort(404)
    papers = office.printed(month, *span) if len(piles) == 1 else []
    if request.args.get("format") == "pdf":
        found = [paper.check for paper in papers] or abort(404)
        if content := attempt(printing.pages, found):
            return pdf(f"checks-{month}-{span[0]}", content)
    return page("admin/sheets.html", piles=piles, papers=papers, month=month, form=form)
