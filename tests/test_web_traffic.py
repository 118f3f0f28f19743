"""Six thousand requests of a real web site, made as clicks: people count, robots are marked.

The figures come from the data and were checked by eye: feed readers, search engines and link
previews are marked; old telephones, text browsers and everything that people use is not.
"""

import csv
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from portal.models import Click, ClickDay
from tests.visiting import Browser, make_affiliate, make_program

FILE = Path(__file__).parents[2] / "shared" / "data" / "web-traffic.tsv"
REFUSED = 4  # of the 6,000 are POST: no link is followed so
MARKS = {None: 4056, "robot": 1917, "head": 23}
PEOPLE = 889  # visitors

pytestmark = [
    pytest.mark.sqlite_only,
    pytest.mark.skipif(not FILE.exists(), reason="no ../shared/data here"),
]


@pytest.fixture
def requests():
    with FILE.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in rows:
        for name in ("user_agent", "referrer"):
            row[name] = "" if row[name] == "-" else row[name]
    return rows


def test_real_traffic(db, now, requests, monkeypatch):
    make_program(now)
    make_affiliate("alice", now)
    browser, cookies, answers = Browser(), {}, Counter()
    for row in requests:
        at = now + timedelta(seconds=int(row["second"]))
        monkeypatch.setattr("portal.views.go.utcnow", lambda at=at: at)
        answer = browser.get(
            "/go/alice",
            method=row["method"],
            agent=row["user_agent"],
            HTTP_REFERER=row["referrer"],
            HTTP_COOKIE=cookies.get(row["visitor"], ""),
        )
        answers[answer.status, answer.cookie is not None] += 1
        if answer.cookie:
            cookies[row["visitor"]] = f"aff_click={answer.cookie.value}"
    clicks = list(Click.select())
    people = [click for click in clicks if not click.mark]
    assert answers == {
        (302, True): MARKS[None],
        (302, False): MARKS["robot"] + MARKS["head"],
        (405, False): REFUSED,
    }
    assert Counter(click.mark for click in clicks) == MARKS
    assert len({click.visitor for click in people}) == len(cookies) == PEOPLE
    assert sum(day.clicks for day in ClickDay.select()) == MARKS[None]
