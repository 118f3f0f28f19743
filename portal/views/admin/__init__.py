"""The program office: work in order of urgency, applications, whether the books are right."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, current_app, flash

from portal import backup, formats, mail, months, office, rules
from portal.bank import stale
from portal.cases import waiting
from portal.formats import plural
from portal.forms.office import RestoredForm
from portal.models import Admin
from portal.months import Month
from portal.views.html import goto, me, now, only, page, settings

DID = {  # what the office says of checks that moved
    "print": "printed",
    "spoil": "to print anew; the spoiled numbers are never used again",
    "paid": "marked as paid",
    "clear": "cleared",
    "void": "void",
    "reissue": "to print again",
}
SAID = 3  # refusals told one by one

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
blueprint.before_request(only(Admin))


def attempt(deed: Callable[..., Any], *what: Any, **about: Any) -> Any:
    """Do a deed now; what a rule says against it is told on the next page, and None returned."""
    return tried(deed, *what, now=now(), **about)


def tried(make: Callable[..., Any], *what: Any, **about: Any) -> Any:
    """The same of what asks for no instant."""
    try:
        return make(*what, **about)
    except rules.Refused as problem:
        flash(str(problem), "bad")
        return None


def month_of(text: str) -> Month:
    """The month that an address names; 404 for what is none."""
    try:
        return Month(text)
    except ValueError:
        abort(404)


def say(deed: str, done: dict[str, Any], moved: int = 0, refused: int = 0) -> None:
    """Tell how many moved, and of some why they did not; with those of steps before this one."""
    moved, refused = moved + len(done["moved"]), refused + len(done["refused"])
    some = done["refused"][:SAID]
    if moved:
        flash(f"{plural(moved, 'check')} {DID[deed]}.", "good")
    for row in some:
        flash(f"{row['affiliate']}: {row['reason']}", "bad")
    if refused > len(some):
        count = f"{refused - len(some)} more" if some else plural(refused, "check")
        flash(f"{count} could not move; the list says why.", "bad")
    if not moved and not refused:
        flash("No check could move so.", "bad")


@blueprint.get("/")
def overview() -> Response:
    zone, config = settings().zone, current_app.config["PORTAL"]
    return page(
        "admin/overview.html",
        "admin/_work.html",
        work=office.work(),
        mails=(mail.late(now()) if config.mail else mail.waiting()).count(),
        mail_server=config.mail,
        cases=waiting(),
        stale=stale(now()).count(),
        figures=office.month_figures(now(), zone),
        month=formats.month(months.month_of(now(), zone)),
        today=f"{now().astimezone(zone):%A}, {formats.long_date(now(), zone)}",
        runs=office.runs()[:6],
        unconfirmed=backup.unconfirmed(),
        backed_up=backup.last(config.data),
    )


@blueprint.get("/mails")
def mails() -> Response:
    rows = list(mail.waiting().limit(200))
    return page("admin/mails.html", rows=rows, names=office.names([row.holder for row in rows]))


@blueprint.post("/mails/<int(max=999999999):number>/again")
def send_again(number: int) -> Response:
    if not mail.try_again(number, now=now()):
        abort(404)
    flash("The mail is tried again at once.", "good")
    return goto("admin.mails")


@blueprint.route("/restored", methods=["GET", "POST"])
def restored() -> Response:
    """After a restore: ask for the highest check number on paper, then go on paying."""
    form = RestoredForm()
    if not backup.unconfirmed():
        flash("No restore waits to be confirmed.")
        return goto("admin.overview")
    if form.validate_on_submit():
        with form.refusals():
            backup.confirm(form.highest_check.data, by=me().email, now=now())
            flash("Confirmed. Payouts, printing and mail go on.", "good")
            return goto("admin.overview")
    return page("admin/restored.html", form=form, known=backup.highest_number())
