"""The program office: work in order of urgency, applications, whether the books are right."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, request

from portal import affiliates, formats, mail, months, office, rules
from portal.models import Admin
from portal.views.html import goto, me, now, only, page, settings

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
blueprint.before_request(only(Admin))


@blueprint.get("/")
def overview() -> Response:
    """What waits for somebody, and the state of the program."""
    zone = settings().zone
    return page(
        "admin/overview.html",
        "admin/_work.html",
        work=office.work(now()),
        mails=mail.waiting().count(),
        figures=office.month_figures(now(), zone),
        month=formats.month(months.month_of(now(), zone)),
        today=f"{now().astimezone(zone):%A}, {formats.long_date(now(), zone)}",
        runs=office.runs()[:6],
    )


@blueprint.get("/mails")
def mails() -> Response:
    """The mails that were not sent yet, without anything secret."""
    rows = list(mail.waiting().limit(200))
    names = office.names([row.holder for row in rows])
    return page("admin/mails.html", "admin/_mails.html", rows=rows, names=names)


@blueprint.post("/mails/<int(max=999999999):number>/again")
def send_again(number: int) -> Response:
    """Let a mail be tried at once."""
    if not mail.try_again(number, now=now()):
        abort(404)
    flash("The mail is tried again at once.", "good")
    return goto("admin.mails")


@blueprint.post("/applications/<code>")
def decide(code: str) -> Response:
    """Approve or decline an application (R1)."""
    affiliate = affiliates.by_code(code) or abort(404)
    deed = {"approve": rules.ACTIVE, "decline": rules.DECLINED}.get(request.form.get("do", ""))
    if deed is None:
        abort(422)
    try:
        affiliates.set_status(affiliate, deed, by=me().email, now=now())
        flash(f"{affiliate.name} is {deed} now and told by e-mail.", "good")
    except rules.Refused as problem:
        flash(str(problem), "bad")
    return goto("admin.overview")
