"""Pages: rendering them whole or in part, formats, and who is looking.

The only place that knows HX- headers. One view serves a page and its live part: htmx asks the same
address again, and gets the part alone, or 204 where the part has not changed.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import (
    Flask,
    Response,
    abort,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import UserMixin, current_user, login_user, logout_user
from jinja2 import Template, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from portal import access, database, formats, program, words
from portal.models import Admin, Affiliate

IDLE = {Affiliate: timedelta(hours=2), Admin: timedelta(minutes=30)}
LONGEST = {Affiliate: timedelta(days=14), Admin: timedelta(hours=12)}
STAMP_EVERY = timedelta(minutes=1)
_SEEN = "seen-is-set-when-sent"


# --- What every page knows ---------------------------------------------------------------------


def now() -> datetime:
    """The instant of this request, one for all of it."""
    if "now" not in g:
        g.now = database.utcnow()
    return g.now


def settings() -> program.Program:
    """The program's settings, read once a request."""
    if "program" not in g:
        g.program = program.load()
    return g.program


def prepare(app: Flask) -> None:
    """Give the templates their filters and what every page needs."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    filters = app.jinja_env.filters
    filters.update({name: getattr(formats, name) for name in ("usd", "percent", "month")})
    filters.update({name: getattr(words, name) for name in ("number", "plural", "country")})
    filters.update(spelled=formats.in_words, stamp=stamp)
    filters.update(
        day=lambda at: formats.day(_day(at), settings().zone, now()),
        clock=lambda at, seconds=False: formats.clock(at, settings().zone, seconds),
        long_date=lambda at: formats.long_date(_day(at), settings().zone),
    )
    app.jinja_env.globals.update(fragment=fragment, address=address)
    app.context_processor(lambda: {"program": settings(), "now": now(), "live": is_live()})


def _day(at: date | str) -> date:
    """A day, also where it is kept as text."""
    return date.fromisoformat(at) if isinstance(at, str) else at


def stamp(at: datetime, form: str = "when") -> Markup:
    """An instant as a <time> element: program time to read, UTC for machines."""
    zone = settings().zone
    day, clock = formats.day(at, zone, now()), formats.clock(at, zone, form == "seconds")
    said = {"when": f"{day}, {clock}", "day": day, "time": clock, "seconds": clock}[form]
    return Markup('<time datetime="{}">{}</time>').format(f"{at:%Y-%m-%dT%H:%M:%SZ}", said)


# --- Pages and parts ---------------------------------------------------------------------------


def page(template: str, *parts: str, status: int = 200, **context: Any) -> Response:
    """A page; for htmx the part it asks for alone, or 204 when the browser shows just that.

    A part "center/_orders.html" has one root with the id "orders".
    """
    htmx = request.htmx  # type: ignore[attr-defined]
    if parts and htmx and not htmx.boosted and not htmx.history_restore_request:
        wanted = {_id(part): part for part in parts}.get(htmx.target, parts[0])
        body, version = _versioned(current_app.jinja_env.get_template(wanted), context)
        response = make_response(("", 204) if request.args.get("seen") == version else body)
    else:
        response = make_response(render_template(template, **context), status)
    response.vary.add("HX-Request")
    return response


@pass_context
def fragment(context: Context, name: str) -> Markup:
    """A part inside its page, with its version in the address that it polls."""
    body, _ = _versioned(context.environment.get_template(name), context.get_all())
    return Markup(body)  # noqa: S704  a template's own output, escaped as it was made


def _versioned(template: Template, context: dict[str, Any]) -> tuple[str, str]:
    current_app.update_template_context(context)
    body = template.render(context)
    version = hashlib.blake2b(body.encode(), digest_size=8).hexdigest()
    return body.replace(_SEEN, version), version


def _id(part: str) -> str:
    return part.rpartition("/_")[2].removesuffix(".html")


def address(poll: bool = False, **change: str | None) -> str:
    """This address with some of its query changed; None takes one away.

    With `poll` it is what a part asks for again, and says which version the browser shows.
    """
    query: dict[str, str | None] = {
        name: value for name, value in request.args.items() if value and name != "live"
    }
    query |= {"seen": _SEEN if poll else None, "upto": None} | change
    kept = {name: value for name, value in query.items() if value is not None}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def goto(endpoint: str, **values: Any) -> Response:
    """Go to a page of the portal after a deed, so that reloading does nothing twice."""
    return make_response(redirect(url_for(endpoint, **values), 303))


def is_live() -> bool:
    """Whether numbers move by themselves: `?live=off` pauses them for the session."""
    if request.args.get("live") in ("on", "off"):
        session["live"] = request.args["live"] == "on"
    return bool(session.get("live", True))


def table(name: str, head: Iterable[str], rows: Iterable[Iterable[Any]]) -> Response:
    """Rows as a CSV file to download. No cell can be taken for a formula by a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    response = make_response(text.getvalue())
    response.mimetype = "text/csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def harmless(cell: Any) -> Any:
    """A cell as it is, or with an apostrophe before what a spreadsheet would run."""
    risky = isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    return f"'{cell}" if risky else cell


# --- Who is looking ----------------------------------------------------------------------------


class User(UserMixin):
    """Somebody signed in, for flask-login. A new epoch of the account ends the session."""

    def __init__(self, account: Affiliate | Admin):
        self.account = account
        self.is_admin = isinstance(account, Admin)

    def get_id(self) -> str:
        """What the session keeps: "affiliate:17.3"."""
        return f"{access.holder(self.account)}.{self.account.epoch}"


def user_of(text: str) -> User | None:
    """Whose session this is, or None when it has ended by epoch, by rest, or by age."""
    holder, _, epoch = text.rpartition(".")
    account = access.of(holder)
    if account is None or str(account.epoch) != epoch or not access.may_sign_in(account):
        return None
    kind = type(account)
    began = datetime.fromtimestamp(session.get("began", now().timestamp()), UTC)
    used = datetime.fromtimestamp(session.get("used", now().timestamp()), UTC)
    if now() - began > LONGEST[kind] or now() - used > IDLE[kind]:
        return None
    if not request.headers.get("HX-Request") and abs(now() - used) > STAMP_EVERY:
        session["used"] = int(now().timestamp())
    return User(account)


def sign_in(account: Affiliate | Admin) -> None:
    """Begin a session of its own for this account; nothing of the former one is kept."""
    session.clear()
    login_user(User(account))
    session.permanent = True
    session["began"] = session["used"] = int(now().timestamp())


def sign_out() -> None:
    """End the session in this browser."""
    logout_user()
    session.clear()


def ask_to_sign_in() -> Response:
    """Where somebody without a session goes; htmx must load the page, not swap it in."""
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": url_for("login.login")})
    return goto("login.login")


def only(kind: type[Affiliate] | type[Admin]) -> Callable[[], Any]:
    """A guard before every view of a blueprint: open to one kind of account alone."""

    def guard() -> Any:
        if not current_user.is_authenticated:
            return ask_to_sign_in()
        if session.get("must_replace"):
            return goto("login.first")
        if not isinstance(current_user.account, kind):
            abort(403)
        return None

    return guard


def me() -> Any:
    """The account that is signed in: whose pages these are, whatever an address says."""
    return current_user.account
