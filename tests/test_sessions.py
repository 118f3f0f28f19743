"""Browsers that are signed in: rows that end, and what is kept of a browser."""

from datetime import timedelta

import pytest

from portal import access, database, sessions
from portal.access import LoginSession
from tests.makers import make_admin, make_affiliate, make_program

FIREFOX = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def alice(db, now):
    make_program(now)
    return make_affiliate("alice", now)


def who(token, now, acting=True):
    return sessions.account_of(token, now=now, acting=acting)


def test_the_id_is_random_and_kept_only_as_a_hash(db, alice, now):
    tokens = {sessions.begin(alice, FIREFOX, now=now) for _ in range(3)}
    assert len(tokens) == 3
    kept = {row.hash for row in LoginSession.select()}
    assert not kept & tokens
    assert {row.browser for row in LoginSession.select()} == {"Firefox on macOS"}


@pytest.mark.parametrize(
    ("rest", "alive"),
    [(timedelta(hours=2), True), (timedelta(hours=2, seconds=1), False), (-timedelta(1), True)],
)
def test_an_affiliate_rests_two_hours(alice, now, rest, alive):
    token = sessions.begin(alice, "", now=now)
    assert (who(token, now + rest) is not None) is alive


def test_an_admin_rests_half_an_hour_and_stays_half_a_day(db, now):
    make_program(now)
    ana = make_admin(now)
    token = sessions.begin(ana, "", now=now)
    assert who(token, now + timedelta(minutes=31)) is None
    token = sessions.begin(ana, "", now=now)
    for step in range(1, 49):
        at = now + timedelta(minutes=15 * step)
        assert who(token, at) == ana
    assert who(token, at + timedelta(minutes=15)) is None


def test_an_ended_session_is_deleted_when_it_comes_and_every_night(alice, now):
    came, away = (sessions.begin(alice, "", now=now) for _ in range(2))
    later = now + timedelta(hours=2, seconds=1)
    assert who(came, later) is None
    assert [row.hash for row in LoginSession.select()] == [access.sha256(away)]
    fresh = sessions.begin(alice, "", now=later)
    sessions.forget_old(later)
    assert [row.hash for row in LoginSession.select()] == [access.sha256(fresh)]


READ_ONLY = {  # how each kind of database is told so, and that it is over
    True: ("PRAGMA query_only = 1", "PRAGMA query_only = 0"),
    False: tuple(f"SET default_transaction_read_only = {word}" for word in ("on", "off")),
}


def test_who_is_signed_in_reads_on_where_nothing_can_be_written(alice, now):
    token = sessions.begin(alice, "", now=now)
    begin, end = READ_ONLY[database.is_sqlite()]
    database.db.execute_sql(begin)
    assert who(token, now + timedelta(minutes=5)) == alice
    database.db.execute_sql(end)
    assert LoginSession.get().used_at == now


def test_news_keeps_nobody_signed_in(alice, now):
    token = sessions.begin(alice, "", now=now)
    assert who(token, now + timedelta(hours=1), acting=False) == alice
    assert who(token, now + timedelta(hours=3), acting=False) is None


def test_one_browser_is_signed_out_by_its_letters_and_no_other_persons(alice, now):
    mallory = make_affiliate("mallory", now)
    mine, other = (sessions.begin(alice, FIREFOX, now=now) for _ in range(2))
    key = access.sha256(other)[: sessions.KEY]
    assert not sessions.end_one(mallory, key)
    assert not sessions.end_one(alice, "")
    assert not sessions.end_one(alice, "%" * sessions.KEY)
    assert sessions.end_one(alice, key)
    assert who(other, now) is None
    assert who(mine, now) == alice


def test_a_new_password_ends_them_all(alice, now):
    tokens = [sessions.begin(alice, "", now=now) for _ in range(2)]
    access.set_password(alice, "another plain sentence", now=now)
    assert [who(token, now) for token in tokens] == [None, None]
    assert sessions.listed(alice, now=now) == []


def test_old_ones_are_forgotten(alice, now):
    sessions.begin(alice, "", now=now - timedelta(days=15))
    sessions.begin(alice, "", now=now)
    sessions.forget_old(now)
    assert LoginSession.select().count() == 1


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604.1",
         "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("<script>curl</script>", "A browser"),
        ("", "A browser"),
    ],
)  # fmt: skip
def test_browsers_in_words(agent, words):
    assert sessions.browser(agent) == words
