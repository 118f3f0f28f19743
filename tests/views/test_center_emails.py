"""E-mails with the own link, the disclosure and the lines the law asks for, ready to copy."""

import html
import re

import pytest

from portal import links, material, program
from portal.material import EMAIL
from tests.creatives import OFFICE, make_creative

ADDRESS = "/center/emails"
WORDS = "Hi {first name},\n\nlook: {link}\n({disclosure})\n\n{affiliate}"


def taken(page):
    """What can be copied of the e-mails: subject, text and HTML in turn."""
    page = page.partition('class="card"')[2].partition('aria-labelledby="say"')[0]
    found = re.findall(r"<(?:pre|code)[^>]*>(.*?)</(?:pre|code)>", page, re.DOTALL)
    return [html.unescape(block) for block in found]


@pytest.fixture
def offered(set_up, today):
    return [
        make_creative(EMAIL, "Short", today, text=WORDS),
        make_creative(EMAIL, "Long", today, text='<p><a href="{link}">Look</a></p>'),
    ]


@pytest.fixture
def mine(login_as, alice, offered):
    return login_as(alice)


def test_each_has_subject_text_and_html_with_the_own_link(mine, offered):
    found = taken(mine.get(ADDRESS).text)
    assert len(found) == 6
    link = f"http://localhost/go/alice/{offered[0].link.slug}"
    assert found[0] == "See Maestro"
    assert found[1].startswith(f"Hi {{first name}},\n\nlook: {link}\n({program.load().disclosure})")
    assert f'<a href="{link}">{link}</a>' in found[2]
    assert found[4].startswith(f"Look: http://localhost/go/alice/{offered[1].link.slug}\n\n")


def test_the_lines_that_the_law_asks_for_end_every_one(mine):
    found = taken(mine.get(ADDRESS).text)
    for part in (found[1], found[2], found[4], found[5]):
        end = html.unescape(part[-400:])
        assert "1418 Alder Court, Portland, OR 97214" in end
        assert "{" in end  # a way to unsubscribe that only the sender's program knows


def test_without_an_address_its_place_is_left_for_it(login_as, mallory, offered):
    found = taken(login_as(mallory).get(ADDRESS).text)
    assert "{your postal address}" in found[1]


def test_a_chosen_link_and_a_label_stand_in_every_one(mine, alice, today):
    links.make(alice, "Spring", "", now=today)
    found = taken(mine.get(f"{ADDRESS}?link=spring&sub_id=march").text)
    for part in (found[1], found[2], found[4], found[5]):
        assert "http://localhost/go/alice/spring?sub_id=march" in part


@pytest.mark.parametrize("query", ["sub_id=a+b", "sub_id=" + "x" * 65, "link=nothing"])
def test_what_cannot_be_put_inside_is_said(mine, query):
    answer = mine.get(f"{ADDRESS}?{query}")
    assert answer.status_code == 422
    assert "to fix" in answer.text
    assert "sub_id=" not in "".join(taken(answer.text))


def test_what_is_retired_is_not_offered(mine, offered, today):
    material.offer(offered[0], False, by=OFFICE, now=today)
    assert len(taken(mine.get(ADDRESS).text)) == 3


def test_a_name_with_signs_is_only_a_name(login_as, alice, offered, today):
    type(alice).update(name='Al <b>&"').where(type(alice).id == alice.id).execute()
    found = taken(login_as(alice).get(ADDRESS).text)
    assert 'Al <b>&"' in found[1]
    assert "Al &lt;b&gt;&amp;&quot;" in found[2]


def test_nothing_on_offer_is_said(login_as, alice):
    assert "No e-mails yet" in login_as(alice).get(ADDRESS).text


def test_wrong_method(mine):
    assert mine.post(ADDRESS).status_code == 405


def test_not_yours(client, login_as, admin, offered):
    assert client.get(ADDRESS).status_code == 303
    assert login_as(admin).get(ADDRESS).status_code == 403
