"""What creatives bring an affiliate, what their pages cost, and slips in a subject."""

import re
from datetime import timedelta

import pytest

from portal import material, starter, traffic, visits
from portal.material import BANNER, EMAIL, TEXT, Creative
from portal.pictures import Picture
from tests.makers import BROWSER
from tests.views.test_center_tables import counted

COUNTS = re.compile(r"([\d,]+) clicks? (?:on its own link )?in 90 days")


@pytest.fixture
def offered(set_up, today):
    """The starter set by kind."""
    starter.offer(now=today)
    return {kind: material.listed(kind) for kind in (BANNER, TEXT, EMAIL)}


def follow(affiliate, creative, at):
    visit = visits.read(affiliate.code, creative.link.slug, headers=BROWSER, now=at)
    return traffic.record_click(visit).click_id


def said(client, address):
    """The counts that a page names, in its order."""
    page = client.get(address).text
    return [int(count) for count in COUNTS.findall(page)]


def test_an_affiliate_sees_only_clicks_of_its_own(login_as, alice, mallory, offered, today):
    leaderboard, first, mail = (offered[kind][0] for kind in (BANNER, TEXT, EMAIL))
    for creative in (leaderboard, leaderboard, first, mail):
        follow(alice, creative, today)
    follow(mallory, leaderboard, today)
    client = login_as(alice)
    assert said(client, "/center/banners") == [2, 0, 0, 0, 0, 1, 0]
    assert said(client, "/center/emails") == [1, 0, 0]


def test_clicks_of_more_than_ninety_days_ago_are_not_counted(login_as, alice, offered, today):
    follow(alice, offered[BANNER][0], today - timedelta(days=89))
    follow(alice, offered[BANNER][0], today - timedelta(days=91))
    assert said(login_as(alice), "/center/banners")[0] == 1


@pytest.mark.parametrize("address", ["/center/banners", "/center/emails"])
def test_fifty_creatives_cost_the_queries_that_ten_do(
    login_as, alice, offered, today, monkeypatch, address
):
    client = login_as(alice)
    client.get(address)
    with counted(monkeypatch) as few:
        client.get(address)
    for number in range(50):
        picture = Picture("png", 10, 10, b"%d" % number)
        said = {"by": "test", "now": today, "name": f"One {number}", "text": "{link} {program}"}
        material.add(BANNER, picture=picture, **said)
        material.add(TEXT, **said)
        material.add(EMAIL, **said, use="", subject="About {program}")
    assert Creative.select().count() == 160
    with counted(monkeypatch) as many:
        client.get(address)
    assert len(many) == len(few)


def test_a_placeholder_in_a_subject_is_looked_at_too(login_as, admin, offered):
    typed = {"name": "New", "use": "Any day", "subject": "About {progam}", "text": "{link}"}
    client = login_as(admin)
    for address in ("/admin/material/email", "/admin/material/email?preview=on"):
        page = client.post(address, data=typed).text
        assert "There is no placeholder {progam}. Did you mean {program}?" in page
    assert Creative.select().where(Creative.name == "New").count() == 0
