"""Pages: rendering them whole or in part, formats, and who is looking.

The only place that knows HX- headers. One view serves a page and its live part: htmx asks the same
address again, and gets the part alone, or 204 where the part has not changed.
"""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Container, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, abort, g, render_template, request, session, url_for
from flask_login import UserMixin, current_user, login_user, logout_user
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from portal import database, formats, program, sessions
from portal.models import Admin, Affiliate

TEN_MINUTES = 600
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
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    filters = app.jinja_env.filters
    plain = ("usd", "percent", "month", "number", "ordinal", "plural", "size")
    filters.update({name: getattr(formats, name) for name in plain})
    filters.update(spelled=formats.in_words, stamp=stamp)
    filters.update(
        day=lambda at: formats.day(_day(at), settings().zone, now()),
        clock=lambda at, seconds=False: formats.clock(at, settings().zone, seconds),
        long_date=lambda at: formats.long_date(_day(at), settings().zone),
    )
    app.jinja_env.globals.update(fragment=fragment, address=address)
    app.context_processor(lambda: {"program": settings(), "now": now(), "live": is_live()})


def _day(at: date | str) -> date:
    return date.fromisoformat(at) if isinstance(at, str) else at


def stamp(at: datetime, form: str = "when") -> Markup:
    """An instant as a <time> element: program time to read, UTC for machines."""
    zone = settings().zone
    day, clock = formats.day(at, zone, now()), formats.clock(at, zone, form == "seconds")
    said = {"when": f"{day}, {clock}", "day": day, "seconds": clock}[form]
    return Markup('<time datetime="{}">{}</time>').format(f"{at:%Y-%m-%dT%H:%M:%SZ}", said)


# --- Pages and parts ---------------------------------------------------------------------------


def page(
    template: str, *parts: str, status: int | None = None, wait: int = 0, **context: Any
) -> Response:
    """A page; for htmx the part it asks for alone, or 204 when the browser shows just that.

    A part "center/_orders.html" has one root with the id "orders". What answers a form without
    leading on says what is wrong with it: 422, or 429 where somebody must `wait` so many seconds.
    """
    htmx = request.htmx  # type: ignore[attr-defined]
    if parts and htmx and not htmx.boosted and not htmx.history_restore_request:
        ids = {part.rpartition("/_")[2].removesuffix(".html"): part for part in parts}
        body, version = _versioned(ids.get(htmx.target, parts[0]), context)
        same = request.args.get("seen") == version
        response = Response(status=204) if same else Response(body)
    else:
        refused = 422 if request.method == "POST" else 200
        body = render_template(template, **context)
        response = Response(body, 429 if wait else status or refused)
        if wait:
            response.headers["Retry-After"] = str(wait)
    response.vary.add("HX-Request")
    return response


@pass_context
def fragment(context: Context, name: str) -> Markup:
    """A part inside its page, with its version in the address that it polls."""
    body, _ = _versioned(name, context.get_all())
    return Markup(body)  # noqa: S704  a template's own output, escaped as it was made


def _versioned(name: str, context: dict[str, Any]) -> tuple[str, str]:
    body = render_template(name, **context)
    version = hashlib.blake2b(body.encode(), digest_size=8).hexdigest()
    return body.replace(_SEEN, version), version


def address(poll: bool = False, **change: str | None) -> str:
    """This address with some of its query changed; None takes one away.

    With `poll` it is what a part asks for again, and says which version the browser shows.
    """
    query: dict[str, str | None] = {**request.args.to_dict(), "live": None, "upto": None}
    query |= {"seen": _SEEN if poll else None} | change
    kept = {name: value for name, value in query.items() if value}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def goto(endpoint: str, **values: Any) -> Response:
    """Go to a page of the portal after a deed, so that reloading does nothing twice."""
    return _led_to(url_for(endpoint, **values), 204)


def _led_to(address: str, status: int) -> Response:
    """To another page; htmx gets a status with it, for it must load the page, not swap it in."""
    if request.headers.get("HX-Request"):
        return Response(status=status, headers={"HX-Redirect": address})
    return Response(status=303, headers={"Location": address})


def before() -> int | None:
    """The key that the address names for the older rows of a list."""
    text = request.args.get("before", "")
    return int(text[:18]) if text.isdecimal() else None


def row_key(name: str, key_of: Callable[[str], int | None]) -> int | None:
    """The key of the row whose id the address names; what is not theirs to see is nowhere: 404."""
    text = request.args.get(name)
    return (text.isprintable() and key_of(text)) or abort(404) if text else None


def midnight(on: date | None, more: int = 0) -> datetime | None:
    """The first instant of a day of the program's zone, or some days later."""
    if on is None or on == date.max:  # no day comes after the last one
        return None
    return datetime.combine(on + timedelta(days=more), datetime.min.time(), settings().zone)


def searched(name: str = "q", among: Container[str] | None = None) -> str:
    """What somebody searches for, from the address, `among` some words or any that can be typed.

    Other words are found nowhere: 404.
    """
    text = request.args.get(name, "").strip()[:100]
    if text and (not text.isprintable() or (among is not None and text not in among)):
        abort(404)
    return text


def is_live() -> bool:
    """Whether numbers move by themselves: `?live=off` pauses them for the session."""
    if request.args.get("live") in ("on", "off"):
        session["live"] = request.args["live"] == "on"
    return bool(session.get("live", True))


def table(name: str, head: str, rows: Iterable[Iterable[Any]]) -> Response:
    """Rows of cells as a CSV file to download, under the names of the columns."""
    return for_machines(name, [head.split(), *([_cell(cell) for cell in row] for row in rows)])


def for_machines(name: str, rows: Iterable[Iterable[Any]]) -> Response:
    """Rows as a CSV file for another program: as they are, sent line by line, kept nowhere."""

    def lines() -> Iterator[str]:
        for row in rows:
            text = io.StringIO()
            csv.writer(text).writerow(row)
            yield text.getvalue()

    return _download(f"{name}.csv", lines(), "text/csv")


def pdf(name: str, content: bytes) -> Response:
    return _download(f"{name}.pdf", content, "application/pdf")


def _download(name: str, content: bytes | Iterator[str], mimetype: str) -> Response:
    file = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype=mimetype, headers=file)


def _cell(cell: Any) -> Any:
    """A cell as it is, an instant as program time with its offset (RFC 3339), or with an apostrophe
    before what a spreadsheet would take for a formula.
    """
    if isinstance(cell, datetime):
        return cell.astimezone(settings().zone).isoformat()
    risky = isinstance(cell, str) and re.match(r"[=+@\t\r\n]|-(?!\d+\.\d\d\Z)", cell)
    return f"'{cell}" if risky else cell


# --- Who is looking ----------------------------------------------------------------------------


class User(UserMixin):
    """Somebody signed in, for flask-login: the account; `id` is this browser's session's."""

    def __init__(self, account: Affiliate | Admin, token: str):
        self.account, self.id = account, token
        self.is_admin = isinstance(account, Admin)


def user_of(token: str) -> User | None:
    """Whose session this is, or None when it has ended."""
    acting = not request.headers.get("HX-Request")
    account = sessions.account_of(token, now=now(), acting=acting)
    return User(account, token) if account else None


def sign_in(account: Affiliate | Admin) -> None:
    """Begin a session of its own for this account; nothing of the former one is kept."""
    sign_out()
    agent = request.headers.get("User-Agent", "")[:512]
    login_user(User(account, sessions.begin(account, agent, now=now())))
    session.permanent = True
    prove()


def sign_out() -> None:
    """End the session in this browser, and its row, so that an old cookie opens nothing."""
    if current_user.is_authenticated:
        sessions.end(current_user.id)
    logout_user()
    session.clear()


def prove() -> None:
    session["proven"] = int(now().timestamp())


def is_proven() -> bool:
    return abs(int(now().timestamp()) - session.get("proven", 0)) < TEN_MINUTES


def ask_to_sign_in() -> Response:
    """Where somebody without a session goes.

    The address says which page to come back to, where it is one to look at but the first one.
    """
    asked = request.full_path.removesuffix("?") if request.method == "GET" else ""
    if request.headers.get("HX-Request"):
        asked = re.sub(r"^(\w+:)?//[^/?#]*|#.*", "", request.headers.get("HX-Current-URL", ""))
    first = (url_for("center.overview"), url_for("admin.overview"), "")
    return _led_to(url_for("login.login", next=None if asked in first else asked), 401)


def come_back() -> Response:
    """After signing in: the page that was asked for, if it is of one's own area, or the first."""
    area = url_for("admin.overview" if current_user.is_admin else "center.overview")
    wanted = request.args.get("next", "")
    if wanted.startswith(area) and wanted.isprintable():
        return Response(status=303, headers={"Location": wanted})
    return goto("login.home")


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
