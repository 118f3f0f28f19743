"""The affiliates one referred and what their sales earn, live, and as CSV (R12, R13, R23)."""

from flask import Response, request

from portal import formats, months, program
from portal.team import members
from portal.views.center import blueprint
from portal.views.html import me, now, page, settings, table

MOST = 100


@blueprint.get("/team")
def team() -> Response:
    """Who, since when and why, with this month's counts and sums; the CSV has everyone."""
    zone = settings().zone
    rows = members(me(), now=now(), zone=zone)
    if request.args.get("format") == "csv":
        columns = "name joined attached because orders_month paid_month earned_month earned"
        cells = (
            (m.name, m.joined.isoformat(), m.attached.isoformat(), m.because, m.orders,
             *map(formats.usd, (m.paid, m.earned, m.ever))) for m in rows
        )  # fmt: skip
        return table("team", columns, cells)
    return page(
        "center/team.html",
        "center/_team.html",
        rows=rows,
        shown=rows[:MOST],
        with_sales=sum(member.ever != 0 for member in rows),
        month=formats.month(months.month_of(now(), zone)),
        rate=formats.percent(program.terms_version().override_rate),
    )
