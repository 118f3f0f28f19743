"""Creatives: offered, changed, retired, never lost; a refusal leaves nothing behind."""

import html
import io
from datetime import timedelta

import pytest
from PIL import Image as Drawing

from portal import material, pictures, program, traffic, visits
from portal.material import BANNER, EMAIL, TEXT, Creative, Image
from portal.models import Audit, Click, ClickDay, Link
from portal.rules import Refused
from tests.makers import BROWSER, make_affiliate, make_program

BY = "office@example.com"
PRICING = "https://maestro.example/pricing"


def picture(color=(9, 90, 60), size=(300, 250)):
    written = io.BytesIO()
    Drawing.new("RGB", size, color).save(written, "PNG")
    return pictures.read(written.getvalue())


@pytest.fixture
def office(db, now):
    """Adds a creative as the office does."""
    make_program(now)

    def add(kind=BANNER, name="Leaderboard", **said):
        if kind == BANNER:
            said.setdefault("picture", picture())
        if kind == EMAIL:
            said = {"use": "A newsletter", "subject": "See"} | said
        said = {"text": "Look at {link}"} | said
        return material.add(kind, name=name, by=BY, now=now, **said)

    return add


def rows():
    return [table.select().count() for table in (Creative, Image, Link, Audit)]


def follow(affiliate, creative, at):
    visit = visits.read(affiliate.code, creative.link.slug, headers=BROWSER, now=at)
    return traffic.record_click(visit)


@pytest.mark.parametrize("kind", [BANNER, TEXT, EMAIL])
def test_what_is_added_has_a_link_that_is_everyones(office, now, kind):
    made = office(kind, lead_to=PRICING)
    link = Link.get_by_id(made.link_id)
    assert link.affiliate_id is None
    assert link.slug == f"{kind}.{link.id}"
    assert link.name == ("Leaderboard, 300 × 250" if kind == BANNER else "Leaderboard")
    for code in ("alice", "bob"):
        affiliate = make_affiliate(code, now, password=None)
        assert follow(affiliate, made, now).landing == PRICING
    assert {c.link_id for c in Click.select()} == {link.id}
    (note,) = Audit.select().where(Audit.did == f"{kind} added")
    assert (note.by, note.subject) == (BY, "Leaderboard")


def test_the_order_is_that_of_adding_until_it_is_changed(office, now):
    names = ["One", "Two", "Three"]
    made = [office(TEXT, name) for name in names]
    assert [c.name for c in material.listed(TEXT)] == names
    said = {"name": "Three", "text": "x", "lead_to": "", "by": BY, "now": now}
    material.change(made[2], place=1, **said)
    material.change(made[0], place=2, **said | {"name": "One"})
    assert [c.name for c in material.listed(TEXT)] == ["Three", "One", "Two"]


def test_the_same_picture_twice_is_one_row(office):
    first, second = office(name="One"), office(name="Two")
    assert first.image_id == second.image_id
    assert office(name="Three", picture=picture((1, 2, 3))).image_id != first.image_id
    assert Image.select().count() == 2
    assert Image.get_by_id(first.image_id).size == len(picture().content)


REFUSALS = [
    ({"name": "Taken"}, "name"),
    ({"lead_to": "https://evil.example/"}, "page"),
    ({"lead_to": "javascript:alert(1)"}, "page"),
    ({"lead_to": "//evil.example"}, "page"),
]


@pytest.mark.parametrize(("said", "field"), REFUSALS)
def test_a_refusal_leaves_nothing_behind(office, now, said, field):
    office(name="Taken")
    other = office(TEXT, name="Other")
    before = rows()
    for kind in (BANNER,) if field == "name" else (BANNER, TEXT, EMAIL):
        with pytest.raises(Refused) as caught:
            office(kind, **{"name": "New", "picture": picture((1, 1, 1))} | said)
        assert caught.value.field == field
    kept = Creative.get_by_id(other.id)
    if field != "name":
        known = {"name": "Other", "text": "x", "lead_to": "", "place": 9, "by": BY, "now": now}
        with pytest.raises(Refused):
            material.change(other, **known | said)
    assert rows() == before
    assert Creative.get_by_id(other.id).__data__ == kept.__data__


def test_only_in_an_email_a_slip_is_one(office, now):
    before = rows()
    with pytest.raises(Refused) as caught:
        office(EMAIL, text="Look at {lnik}")
    assert (caught.value.field, rows()) == ("text", before)
    assert office(TEXT, text="Look at {lnik} <b>&</b>").text == "Look at {lnik} <b>&</b>"
    assert office(EMAIL, text="<b>&</b><script>1</script>").text == "<b>&amp;</b>"


def test_a_change_is_followed_by_what_was_pasted_already(office, now):
    made = office()
    alice = make_affiliate("alice", now, password=None)
    assert follow(alice, made, now).landing == "https://maestro.example/"
    material.change(made, lead_to=PRICING, place=1, name="New", text="New words", by=BY, now=now)
    assert follow(alice, made, now).landing == PRICING
    changed = Creative.get_by_id(made.id)
    assert (changed.name, changed.text, changed.image_id) == ("New", "New words", made.image_id)
    assert changed.link.name == "New, 300 × 250"


def test_a_name_is_free_again_once_its_creative_is_retired(office, now):
    first = office(TEXT, "Spring")
    material.offer(first, False, by=BY, now=now)
    office(TEXT, "Spring")
    with pytest.raises(Refused) as caught:
        material.offer(first, True, by=BY, now=now)
    assert caught.value.field == "name"
    office(EMAIL, "Spring")  # a name is one of its kind


def test_retiring_twice_is_retiring_once(office, now):
    made = office()
    for hour in (0, 1):
        material.offer(made, False, by=BY, now=now + timedelta(hours=hour))
    assert Creative.get_by_id(made.id).retired_at == now
    assert Audit.select().where(Audit.did == "banner retired").count() == 1
    for _ in (0, 1):
        material.offer(made, True, by=BY, now=now)
    assert Creative.get_by_id(made.id).retired_at is None
    assert Audit.select().where(Audit.did == "banner offered again").count() == 1


def test_clicks_on_a_retired_creative_still_count(office, now):
    made = office()
    material.offer(made, False, by=BY, now=now)
    alice = make_affiliate("alice", now, password=None)
    assert follow(alice, made, now).click_id
    (click,) = Click.select()
    assert (click.mark, click.link_id) == (None, made.link_id)
    assert ClickDay.get(ClickDay.link_id == made.link_id).clicks == 1


def test_clicks_are_counted_by_link_for_everyone_since_a_day(office, now):
    one, two, three = (office(name=name) for name in ("One", "Two", "Three"))
    alice, bob = (make_affiliate(code, now, password=None) for code in ("alice", "bob"))
    for affiliate, creative, days in [
        (alice, one, 0), (bob, one, 3), (alice, two, 3), (bob, two, 4), (bob, three, 9),
    ]:  # fmt: skip
        follow(affiliate, creative, now - timedelta(days=days))
    traffic.record_click(visits.read("alice", headers=BROWSER, now=now))
    since = (now - timedelta(days=3)).date()
    assert material.clicks(since) == {one.link_id: 2, two.link_id: 1}


# --- Blocks -------------------------------------------------------------------------------------


def test_a_block_escapes_what_was_written(office):
    made = office(text='5" <b>&</b>')
    link = "https://portal.example/go/alice/banner.1?sub_id=a&b"
    block = material.banner_block(made, link, "https://portal.example")
    assert f'<a href="{html.escape(link)}" rel="sponsored">' in block
    assert 'alt="5&quot; &lt;b&gt;&amp;&lt;/b&gt;"' in block
    image = Image.get_by_id(made.image_id)
    assert f'src="https://portal.example/images/{image.key}.png" width="300" height="250"' in block


def test_the_logo_is_kept_and_gone(office, now):
    material.set_logo(picture(), by=BY, now=now)
    name = program.load().logo
    assert Image.get_by_id(name.partition(".")[0]).kind == name.partition(".")[2] == "png"
    material.set_logo(None, by=BY, now=now)
    assert program.load().logo == ""
    assert Image.select().count() == 1
