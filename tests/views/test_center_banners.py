"""Banners and text links with the own link in them, ready to paste."""

import html
import re

import pytest

from portal import links, material
from portal.material import BANNER, TEXT
from tests.creatives import OFFICE, make_creative
from tests.views.test_center_tables import counted

ADDRESS = "/center/banners"


def blocks(page):
    """What can be copied: the HTML of each banner and of each text link."""
    found = re.findall(r"<(?:pre|code)[^>]*>(.*?)</(?:pre|code)>", page, re.DOTALL)
    return [html.unescape(block) for block in found if "&lt;a " in block]


@pytest.fixture
def offered(set_up, today):
    """Two banners and a text link."""
    return [
        make_creative(BANNER, "Leaderboard", today, text='Take a "look"'),
        make_creative(BANNER, "Square", today, color=(1, 2, 3)),
        make_creative(TEXT, "See it", today, text="See <it> & try"),
    ]


@pytest.fixture
def mine(login_as, alice, offered):
    return login_as(alice)


def test_each_block_has_the_creatives_own_link_with_the_own_code(mine, offered):
    page = mine.get(ADDRESS).text
    taken = blocks(page)
    assert len(taken) == 3
    for creative, block in zip(offered, taken, strict=True):
        address = f"http://localhost/go/alice/{creative.link.slug}"
        assert block.startswith(f'<a href="{address}" rel="sponsored">')
        assert mine.get(address, headers={"User-Agent": "Mozilla/5.0 Firefox/130"}).location
    image = offered[0].image
    assert f'<img src="http://localhost/images/{image.key}.png"' in taken[0]
    assert 'alt="Take a &quot;look&quot;" loading="lazy">' in taken[0]
    assert "See &lt;it&gt; &amp; try</a>" in taken[2]


def test_the_page_shows_the_pictures_themselves(mine, offered):
    page = mine.get(ADDRESS).text
    for creative in offered[:2]:
        source = f"/images/{creative.image.key}.png"
        assert f'<img src="{source}" width="300" height="250"' in page
        assert mine.get(source).status_code == 200


def test_a_chosen_link_and_a_label_stand_in_every_block(mine, alice, today):
    links.make(alice, "Spring", "", now=today)
    for link, slug in (("main", ""), ("spring", "/spring")):
        taken = blocks(mine.get(f"{ADDRESS}?link={link}&sub_id=ch-4.a").text)
        assert len(taken) == 3
        for block in taken:
            assert f'href="http://localhost/go/alice{slug}?sub_id=ch-4.a"' in block
    page = mine.get(f"{ADDRESS}?link=spring&sub_id=ch-4.a").text
    assert 'value="ch-4.a"' in page
    assert re.search(r'<option selected value="spring">Spring', page)


@pytest.mark.parametrize(
    "query",
    ["sub_id=a+b", "sub_id=a%26x", "sub_id=%22onclick", "sub_id=" + "x" * 65, "sub_id=%C3%A9",
     "sub_id=%00", "link=nothing", "link=/main", "link=banner.1"],
)  # fmt: skip
def test_what_cannot_be_put_inside_is_said(mine, query):
    answer = mine.get(f"{ADDRESS}?{query}")
    assert answer.status_code == 422
    assert "to fix" in answer.text
    taken = blocks(answer.text)
    assert len(taken) == 3
    assert not any("sub_id" in block for block in taken)


def test_a_link_of_another_is_no_choice(mine, mallory, today):
    links.make(mallory, "Secret place", "", now=today)
    assert "Secret place" not in mine.get(ADDRESS).text
    assert mine.get(f"{ADDRESS}?link=secret-place").status_code == 422


def test_what_is_retired_is_not_offered_and_goes_on_showing(mine, offered, today):
    material.offer(offered[0], False, by=OFFICE, now=today)
    page = mine.get(ADDRESS).text
    assert "Leaderboard" not in page
    assert len(blocks(page)) == 2
    assert mine.get(f"/images/{offered[0].image.key}.png").status_code == 200


def test_nothing_on_offer_is_said(login_as, alice):
    page = login_as(alice).get(ADDRESS).text
    assert "No banners yet" in page
    assert blocks(page) == []


def test_fifty_cost_what_five_do(mine, today, monkeypatch):
    mine.get(ADDRESS)
    with counted(monkeypatch) as few:
        mine.get(ADDRESS)
    for number in range(20):
        make_creative(BANNER, f"B{number}", today, color=(number, 1, 1))
        make_creative(TEXT, f"T{number}", today)
    with counted(monkeypatch) as many:
        assert len(blocks(mine.get(ADDRESS).text)) == 43
    assert len(many) == len(few) < 15
    assert not any('"content"' in said for said in many)  # no picture is loaded for its block


def test_wrong_method(mine):
    assert mine.post(ADDRESS).status_code == 405


def test_not_yours(client, login_as, admin, offered):
    assert client.get(ADDRESS).status_code == 303
    assert login_as(admin).get(ADDRESS).status_code == 403
