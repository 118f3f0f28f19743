"""Clicks: what is stored of them, in which order, and which never count (R4, R5, R8)."""

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from peewee import OperationalError

from portal import database, program, rules, traffic, visits
from portal.batch import GroupCommit
from portal.models import Click, ClickDay
from tests.visiting import (
    BROWSER,
    follow,
    locked,
    make_affiliate,
    make_link,
    make_program,
    stored,
)

MINUTE = timedelta(minutes=1)


@pytest.fixture
def alice(db, now):
    make_program(now)
    return make_affiliate("alice", now)


def test_a_click_is_stored_with_what_is_known_of_it_and_no_more(alice, now):
    link = make_link(alice, "price", "https://shop.example/price", now)
    outcome = follow(
        slug="Price", now=now, sub_id="mail-1", referrer="https://me:pw@blog.example:8080/a?q=1#f"
    )
    (click,) = stored()
    assert (click.affiliate_id, click.link_id, click.mark) == (alice.id, link.id, None)
    assert (click.clicked_at, click.days, click.visitor) == (now, 90, click.id)
    assert (click.sub_id, click.referrer) == ("mail-1", "https://blog.example:8080/a")
    assert outcome.click_id == click.outside_id
    assert Click.find(outcome.click_id) == click
    assert outcome.landing == "https://shop.example/price"


def test_a_click_keeps_the_window_it_was_made_under(alice, now):
    follow(now=now)
    program.change("cookie_days", "30", by="test", now=now)
    assert follow(now=now).days == 30
    assert [click.days for click in stored()] == [90, 30]


def test_a_code_given_up_keeps_working_and_case_is_ignored(alice, now):
    make_affiliate("bob", now)
    type(alice).update(code="alicia").where(type(alice).id == alice.id).execute()
    follow("ALICE", now=now)
    assert [click.affiliate_id for click in stored()] == [alice.id]


def test_an_unknown_slug_is_the_default_link(alice, now):
    outcome = follow(slug="nothing-here", now=now)
    assert (stored()[0].link_id, outcome.landing) == (None, "https://shop.example/product")
    default = make_link(alice, "", "https://shop.example/start", now)
    assert follow(slug="nothing-here", now=now).landing == "https://shop.example/start"
    assert stored()[1].link_id == default.id


def test_a_link_of_the_program_is_everyones_own(alice, now):
    banner = make_link(None, "banner.3", "https://shop.example/trial", now)
    bob = make_affiliate("bob", now)
    for code in ("alice", "bob"):
        assert follow(code, "Banner.3", now=now).landing == "https://shop.example/trial"
    clicks = [(click.affiliate_id, click.link_id) for click in stored()]
    assert clicks == [(alice.id, banner.id), (bob.id, banner.id)]


def test_a_slug_of_ones_own_comes_before_the_programs(alice, now):
    own = make_link(alice, "sale.1", "https://shop.example/own", now)
    theirs = make_link(None, "sale.1", "https://shop.example/all", now)
    make_affiliate("bob", now)
    assert follow("alice", "sale.1", now=now).landing == own.landing
    assert follow("bob", "sale.1", now=now).landing == theirs.landing


def test_a_link_of_another_affiliate_is_the_default_one(alice, now):
    make_link(make_affiliate("bob", now), "price", "https://shop.example/price", now)
    assert follow(slug="price", now=now).landing == "https://shop.example/product"
    assert stored()[0].link_id is None


def test_an_unknown_code_stores_nothing(alice, now):
    outcome = follow("nobody", now=now)
    assert (outcome.click_id, outcome.landing) == ("", "https://shop.example/product")
    assert stored() == []


# --- Order (R5) --------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [0, 1, -1, -86_400 * 400, 86_400 * 400])
def test_ids_stand_in_the_order_of_storing_whatever_the_clock_does(alice, now, step):
    named = [follow(now=now + timedelta(seconds=step * n)).click_id for n in range(5)]
    assert [click.outside_id for click in stored()] == named


def test_two_processes_share_one_order(alice, now, db_url, tmp_path):
    """Each tells its clicks one by one; sorted by id each one's own order must be kept."""
    script = (
        "import sys; from datetime import datetime; from portal import database, traffic, visits\n"
        "database.connect(sys.argv[1])\n"
        "for n in range(60):\n"
        "    visit = visits.read('alice', headers={'user-agent': sys.argv[2]}, sub_id=f'{n:03}',\n"
        "        referrer=sys.argv[3], now=datetime.fromisoformat(sys.argv[4]))\n"
        "    assert traffic.record_click(visit).click_id\n"
    )
    told = [(str(now), "https://a.example/"), (str(now - 9 * MINUTE), "https://b.example/")]
    made = [
        subprocess.Popen([sys.executable, "-c", script, db_url, BROWSER, page, clock])
        for clock, page in told
    ]
    assert [process.wait(timeout=180) for process in made] == [0, 0]
    clicks = stored()
    assert len(clicks) == 120
    for _, page in told:
        own = [click.sub_id for click in clicks if click.referrer == page]
        assert own == sorted(own)


def test_threads_at_once_all_get_their_own_click(alice, now):
    got = []

    def visit():
        got.append(follow(now=now).click_id)

    threads = [threading.Thread(target=visit) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(got) == sorted(click.outside_id for click in stored())
    assert ClickDay.get().clicks == 24


# --- Who is a visitor --------------------------------------------------------------------------


def test_a_former_click_tells_the_visitor_for_good(alice, now):
    make_affiliate("bob", now)
    first = follow(now=now)
    second = follow("bob", now=now + MINUTE, former=first.click_id)
    follow(now=now + MINUTE, former=second.click_id.upper())
    assert len({click.visitor for click in stored()}) == 1


def test_a_forged_a_marked_and_an_unknown_id_tell_nothing(alice, now):
    real = follow(now=now).click_id
    changed = real[:-2] + ("aa" if real[-2:] != "aa" else "ba")
    follow(now=now, agent="Googlebot/2.1")
    robot = stored()[1].outside_id
    for former in (changed, robot, "a" * 26, "x", "é", "\0", "' OR 1=1 --"):
        follow(now=now, former=former)
    assert len({click.visitor for click in stored()}) == len(stored()) == 9


# --- Marks (R8) --------------------------------------------------------------------------------

MARKED = [
    ("inactive", {"code": "susan"}),
    ("inactive", {"code": "rita"}),
    ("head", {"method": "HEAD"}),
    ("prefetch", {"headers": {"sec-purpose": "prefetch;prerender"}}),
    ("prefetch", {"headers": {"purpose": "Prefetch"}}),
    ("prefetch", {"headers": {"x-moz": "prefetch"}}),
    ("embedded", {"headers": {"sec-fetch-dest": "image"}}),
    ("embedded", {"headers": {"sec-fetch-dest": "iframe"}}),
    ("robot", {"agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://google.com/bot.html)"}),
    ("robot", {"agent": "facebookexternalhit/1.1"}),
    ("robot", {"agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"}),
    ("robot", {"agent": "Chef Client/10.18.2 (ruby; +http://opscode.com)"}),
    ("robot", {"agent": ""}),
    ("robot", {"agent": "  "}),
]


@pytest.mark.parametrize(("mark", "said"), MARKED)
def test_a_marked_click_is_recorded_and_tells_nobody_an_id(alice, now, mark, said):
    make_affiliate("susan", now, status="suspended")
    make_affiliate("rita", now, status="review")
    outcome = follow(now=now, **said)
    assert outcome.click_id == ""
    assert [click.mark for click in stored()] == [mark]
    assert ClickDay.select().count() == 0


PEOPLE = [
    BROWSER,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Mobile/15E148 Instagram 350.0.0.30.110 (iPhone16,2; iOS 18_0; en_US; scale=3.00)",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UD1A; wv) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Version/4.0 Chrome/130.0.0.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/480.0.0.54.88;]",
    "Mozilla/5.0 (Linux; Android 4.4.2; de-de) AppleWebKit/534.30 Version/4.0 Mobile Safari/534.30",
    "SAMSUNG-GT-E2232/1.0 Openwave/6.2.3 Profile/MIDP-2.0 Configuration/CLDC-1.1 UP.Browser/6.2",
    "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/34.1244; U; en) Presto/2.8.119 Version/11.10",
    "Lynx/2.8.7rel.2 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/1.0.1f",
]


@pytest.mark.parametrize("agent", PEOPLE)
def test_people_are_never_taken_for_robots(agent):
    assert not visits.is_robot(agent)


def test_the_very_next_click_after_a_suspension_is_marked_from_then_on(alice, now):
    follow(now=now)
    type(alice).update(status="suspended").where(type(alice).id == alice.id).execute()
    follow(now=now)
    type(alice).update(status="active").where(type(alice).id == alice.id).execute()
    follow(now=now)
    assert [click.mark for click in stored()] == [None, "inactive", None]


def test_clicks_are_counted_by_day_of_the_programs_zone(alice):
    midnight = datetime(2026, 7, 2, 7, 0, tzinfo=UTC)  # in Los Angeles
    for at in (midnight - timedelta(seconds=1), midnight, midnight):
        follow(now=at)
    counted = ClickDay.select(ClickDay.day, ClickDay.clicks).order_by(ClickDay.day).tuples()
    assert list(counted) == [("2026-07-01", 1), ("2026-07-02", 2)]


def test_clicks_of_a_day_are_counted_by_link(alice, now):
    link = make_link(alice, "price", "https://shop.example/price", now)
    for slug in ("", "price", "price", "unknown"):
        follow(slug=slug, now=now)
    follow(slug="price", now=now, agent="Googlebot/2.1")
    counted = ClickDay.select(ClickDay.link_id, ClickDay.clicks).order_by(ClickDay.link_id)
    assert list(counted.tuples()) == [(0, 2), (link.id, 2)]


# --- What is kept ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("https://blog.example/a/b?secret=1#x", "https://blog.example/a/b"),
        ("https://user:pw@blog.example/", "https://blog.example/"),
        ("android-app://com.google.android.gm/", "android-app://com.google.android.gm/"),
        ("https://blog.example/\r\nX-Evil: 1\0", "https://blog.example/X-Evil: 1"),
        ("https://blog.example/" + "a" * 5000, "https://blog.example/" + "a" * 279),
        ("\ud800https://b.example/", "https://b.example/"),
        ("about:blank", None),
        ("", None),
    ],
)
def test_a_referrer_is_cut_to_what_harms_nobody(sent, kept):
    assert visits.clean_referrer(sent) == kept


@pytest.mark.parametrize("sub_id", ["a b", "a" * 65, "é", "a/b", "<x>", "a\n"])
def test_a_sub_id_of_another_form_is_dropped(alice, now, sub_id):
    follow(now=now, sub_id=sub_id)
    assert stored()[0].sub_id is None


def test_the_tag_seals_every_column(alice, now):
    follow(now=now, sub_id="x", referrer="https://b.example/")
    key, click = program.secret("click_key"), stored()[0]
    assert click.sealed(key) == click.tag
    changes = {"id": 1, "affiliate_id": 9, "link_id": 9, "visitor": 9, "days": 91}
    changes |= {"clicked_at": now + MINUTE, "mark": "robot", "sub_id": None, "referrer": ""}
    for name, value in changes.items():
        (changed,) = stored()
        setattr(changed, name, value)
        assert changed.sealed(key) != click.tag, name


# --- Storing -----------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_a_store_that_cannot_be_written_is_told_and_nothing_is_kept(alice, now):
    database.db.execute_sql("PRAGMA busy_timeout = 50")
    with locked(database.db.database), pytest.raises(OperationalError):
        follow(now=now)
    assert stored() == []
    assert follow(now=now).click_id


def test_pieces_that_fail_together_are_told_so_each_and_the_next_go_on():
    def store(pieces):
        if "bad" in pieces:
            raise ValueError("no")
        return [piece.upper() for piece in pieces]

    together = GroupCommit(store)
    with pytest.raises(ValueError, match="no"):
        together.add("bad")
    assert together.add("good") == "GOOD"


def test_pieces_that_come_while_one_is_stored_are_stored_together():
    began, go_on, seen = threading.Event(), threading.Event(), []

    def store(pieces):
        seen.append(len(pieces))
        began.set()
        assert go_on.wait(60)
        return pieces

    together = GroupCommit(store)
    threads = [threading.Thread(target=together.add, args=("first",))]
    threads[0].start()
    assert began.wait(60)
    threads += [threading.Thread(target=together.add, args=(n,)) for n in range(5)]
    for thread in threads[1:]:
        thread.start()
    while len(together._waiting) < 5:
        threading.Event().wait(0.001)
    go_on.set()
    for thread in threads:
        thread.join(timeout=60)
    assert seen == [1, 5]


# --- Import ------------------------------------------------------------------------------------


def imported(click_id, now, **said):
    return {"click_id": click_id, "code": "alice", "clicked_at": now, **said}


def test_imported_clicks_keep_their_ids_and_are_stored_once(alice, now):
    old = now - timedelta(days=80)
    rows = [imported("a-1", old, sub_id="x", referrer="https://b.example/?q"), imported("a-2", now)]
    rows += [imported("a-1", now), imported("a-3", now, marked="robot")]
    assert [traffic.store_import(rows), traffic.store_import(rows)] == [3, 0]
    click = Click.find("a-1")
    assert (click.affiliate_id, click.sub_id, click.days) == (alice.id, "x", 90)
    assert [Click.find(name).mark for name in ("a-2", "a-3")] == [None, "robot"]
    assert sum(day.clicks for day in ClickDay.select()) == 2
    assert all(c.sealed(program.secret("click_key")) == c.tag for c in stored())


def test_clicks_of_one_browser_elsewhere_are_one_visitors_here(alice, now):
    traffic.store_import([imported("a-1", now, visitor="v1"), imported("a-2", now)])
    traffic.store_import([imported("a-3", now, visitor="v1"), imported("a-4", now, visitor="v2")])
    follow(now=now, former="a-3")
    one, two, three, four, own = (click.visitor for click in stored())
    assert one == three == own
    assert len({one, two, four}) == 3


def test_an_imported_click_may_be_on_a_link_of_the_program(alice, now):
    banner = make_link(None, "banner.3", "https://shop.example/trial", now)
    traffic.store_import([imported("a-1", now, slug="banner.3"), imported("a-2", now)])
    assert [click.link_id for click in stored()] == [banner.id, None]


def test_an_imported_id_may_look_like_ours(alice, now):
    foreign = follow(now=now).click_id[:-6] + "aaaaaa"
    traffic.store_import([imported(foreign, now)])
    assert Click.find(foreign) == stored()[1]


def test_an_import_for_nobody_is_refused_whole(alice, now):
    rows = [imported("a-1", now), imported("a-2", now) | {"code": "nobody"}]
    with pytest.raises(rules.Refused) as refused:
        traffic.store_import(rows)
    assert refused.value.field == "code"
    assert stored() == []


def test_a_long_file_is_stored_in_one_go(alice, now):
    rows = [imported(f"a-{n}", now) for n in range(3000)]
    assert traffic.store_import(rows) == 3000
    assert ClickDay.get().clicks == 3000
