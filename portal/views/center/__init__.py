"""The Affiliate Resource Center: what an affiliate sees of clicks, orders, payments and the next
check, live, of their own account alone (R23).
"""

from typing import Any

from flask import Blueprint, Response, current_app

from portal import chart, formats, months, outlook, program, reports
from portal.explain import explain
from portal.models import Affiliate, Click
from portal.views.html import me, now, only, page, settings

blueprint = Blueprint("center", __name__, url_prefix="/center")
blueprint.before_request(only(Affiliate))

FEED = 8


def go(slug: str = "") -> str:
    """The trackable address of the account's main link, or of the one with a slug."""
    url = f"{current_app.config['PORTAL'].url}/go/{me().code}"
    return f"{url}/{slug}" if slug else url


def head() -> dict[str, Any]:
    """The numbers of the account and the month that they are of."""
    zone = settings().zone
    month = formats.month(months.month_of(now(), zone))
    return {"figures": reports.figures(me(), now=now(), zone=zone), "month": month}


@blueprint.get("/")
def overview() -> Response:
    zone = settings().zone
    return page(
        "center/overview.html",
        "center/_figures.html",
        "center/_feed.html",
        check=outlook.next_check(me(), now=now()),
        last=outlook.last_check(me(), now=now()),
        year=months.year_of(now(), zone),
        hour=now().astimezone(zone).hour,
        name=(me().name.split() or [me().code])[0],
        link=go(),
        terms=program.terms_version().terms(),
        chart=chart.drawn(reports.last_days(me(), now=now(), zone=zone)),
        feed=_feed(),
        **head(),
    )


def _feed() -> list[dict[str, Any]]:
    clicks = reports.clicks(me(), reports.Filter(), limit=FEED).rows
    entries = reports.newest_earnings(me(), FEED)
    names = reports.links(me())
    told = explain(entries, zone=settings().zone, now=now())
    found: list[dict[str, Any]] = [
        {"at": e.recorded_at, "title": told[e.id].title, "amount": e.amount} for e in entries
    ]
    on = ((c, names.get(c.link_id, reports.MAIN_LINK)) for c in clicks)
    found += [{"at": c.clicked_at, "title": f"Click on {link}", "click": c} for c, link in on]
    return sorted(found, key=lambda item: item["at"], reverse=True)[:FEED]


@blueprint.app_template_filter()
def source(click: Click) -> str:
    address = (click.referrer or "").split("://", 1)[-1]
    return f"from {address.split('/', 1)[0]}" if address else "direct"
