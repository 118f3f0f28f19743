"""Proofs of identity: what opens the door, how often, and what is left in the database."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from portal import access, database, logins, passwords, sessions, throttle
from portal.access import NotSignedIn, holder
from portal.mail import Message
from portal.models import Affiliate
from portal.rules import ACTIVE, DECLINED, REVIEW, SUSPENDED, Refused
from portal.views.public import SIGN_UPS_AN_HOUR
from tests import persons

OWN = "correct horse battery"
HOME, CAFE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def alice(db, now):
    made = persons.affiliate("alice", now)
    access.set_password(made, OWN, now=now)
    return made


@pytest.fixture
def bob(db, now):
    """Somebody who has no password of their own yet."""
    return persons.affiliate("bob", now)


def sign_in(now, name="alice", password=OWN, ip=HOME):
    return access.sign_in(name, password, now=now, ip=ip)


def refused(now, **tried):
    with pytest.raises(NotSignedIn) as caught:
        sign_in(now, **tried)
    return caught.value


def in_threads(count, function):
    """Call a function `count` times at once, each on a connection of its own."""

    def call(_):
        with database.db.connection_context():
            try:
                return function()
            except Refused as refusal:
                return refusal

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))


# --- Signing in --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["alice", " ALICE ", "alice@example.com", "Alice+x@Example.com"])
def test_user_name_and_email_both_sign_in(alice, now, name):
    assert sign_in(now, name=name) == (alice, False)


def test_an_admin_signs_in_by_email(db, now):
    office = persons.admin("office@example.com", now)
    access.set_password(office, OWN, now=now)
    assert sign_in(now, name="office@example.com").who == office


def test_one_address_of_an_admin_and_an_affiliate_means_the_admin(alice, now):
    office = persons.admin("alice@example.com", now)
    access.set_password(office, "another horse battery", now=now)
    assert sign_in(now, name="alice@example.com", password="another horse battery").who == office
    assert sign_in(now, name="alice").who == alice


def test_a_suspended_affiliate_signs_in(alice, now):
    Affiliate.update(status=SUSPENDED).execute()
    assert sign_in(now).who == alice


def test_unknown_wrong_declined_and_in_review_are_told_the_same(alice, now):
    told = {str(refused(now, name="nobody")), str(refused(now, password="wrong horse battery"))}
    for status in (DECLINED, REVIEW):
        Affiliate.update(status=status).execute()
        told.add(str(refused(now)))
    assert told == {"The user name or the password is not right."}


@pytest.mark.sqlite_only
def test_an_unknown_name_takes_as_long_as_a_wrong_password(alice, bob, now):
    spent = {"alice": [], "nobody": [], "bob": []}
    for number in range(15):  # in turns, so that whatever else the machine does befalls all
        for name, times in spent.items():
            start = time.process_time()  # what this process had of the machine, however busy it is
            refused(now, name=name, password="wrong horse battery", ip=f"10.0.{number}.1")
            times.append(time.process_time() - start)
    known, unknown, without = map(statistics.median, spent.values())
    assert abs(known - unknown) < known / 3
    assert abs(known - without) < known / 3


def test_an_old_hash_is_made_anew_at_the_next_sign_in(alice, now):
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(OWN)
    Affiliate.update(password_hash=weak).execute()
    sign_in(now)
    kept = Affiliate.get().password_hash
    assert "m=19456,t=2,p=1" in kept
    assert sign_in(now).who == alice


# --- The throttle ------------------------------------------------------------------------------


def test_tries_are_counted_down_and_then_refused_until_the_window_ends(alice, now):
    wrong = {"password": "wrong horse battery"}
    assert [refused(now, **wrong).tries_left for _ in range(5)] == [4, 3, 2, 1, 0]
    stopped = refused(now)
    assert (stopped.tries_left, stopped.retry_after) == (0, 900)
    assert str(stopped) == "Too many tries. The next one is possible in 15 minutes."
    assert sign_in(now + timedelta(minutes=15)).who == alice


def test_the_right_password_from_elsewhere_still_works(alice, now):
    for _ in range(20):
        refused(now, password="wrong horse battery")
    assert sign_in(now, ip=CAFE).who == alice


def test_the_right_password_still_works_while_many_addresses_guess(alice, now):
    who = holder(alice)
    for number in range(throttle.ATTACK):
        throttle.take(who, f"10.1.{number}.1", now)
    assert refused(now, password="wrong horse battery", ip=CAFE).tries_left == 1
    assert sign_in(now, ip=CAFE).who == alice


def test_code_and_email_are_one_account_to_the_throttle(alice, now):
    for name in ("alice", "alice@example.com", "ALICE", "a.lice", "alice+x@example.com"):
        left = refused(now, name=name, password="wrong horse battery").tries_left
    assert left == 1  # "a.lice" is another name


def test_one_address_tries_many_accounts_in_vain(alice, now):
    for number in range(20):
        throttle.take(f"name{number}", HOME, now)
    assert refused(now).retry_after > 0
    assert sign_in(now, ip=CAFE).who == alice


def test_an_ipv6_network_is_one_address(alice, now):
    for number in range(5):
        refused(now, password="wrong horse battery", ip=f"2001:db8::{number}")
    assert refused(now, ip="2001:db8::beef").retry_after > 0
    assert sign_in(now, ip="2001:db8:0:1::1").who == alice


def test_signing_in_takes_the_tries_back(alice, now):
    for _ in range(throttle.ADDRESS_TRIES + 1):
        sign_in(now)
    assert refused(now, password="wrong horse battery").tries_left == 4


def test_parallel_tries_are_counted_exactly(alice, now):
    answers = in_threads(12, lambda: sign_in(now, password="wrong horse battery"))
    assert sorted(answer.tries_left for answer in answers) == [0] * 8 + [1, 2, 3, 4]
    assert sum(answer.retry_after > 0 for answer in answers) == 7


def test_the_throttle_keeps_neither_names_nor_addresses(alice, now, db):
    refused(now, password="wrong horse battery")
    kept = str(list(throttle.Throttle.select().dicts()))
    assert "alice" not in kept
    assert HOME not in kept
    throttle.forget_old(now + timedelta(days=2))
    assert throttle.Throttle.select().count() == 0


def test_five_sign_ups_an_hour_from_one_address(db, now):
    for _ in range(SIGN_UPS_AN_HOUR):
        throttle.limit("sign-up", HOME, SIGN_UPS_AN_HOUR, now)
    with pytest.raises(NotSignedIn) as caught:
        throttle.limit("sign-up", HOME, SIGN_UPS_AN_HOUR, now)
    assert caught.value.retry_after == 3600
    throttle.limit("sign-up", CAFE, SIGN_UPS_AN_HOUR, now)
    throttle.limit("sign-up", HOME, SIGN_UPS_AN_HOUR, now + timedelta(hours=1))


# --- One-time passwords (R1) -------------------------------------------------------------------


def test_a_one_time_password_works_once_and_must_be_replaced(bob, now):
    text = access.one_time_password(bob, now=now)
    assert len(text.replace("-", "")) >= 20
    assert sign_in(now, name="bob", password=f" {text.upper()} ") == (bob, True)
    assert refused(now, name="bob", password=text).tries_left == 4


def test_only_its_hash_is_stored(bob, now):
    text = access.one_time_password(bob, now=now)
    row = access.OneTimePassword.get()
    assert row.password_hash.startswith("$argon2id$")
    assert text not in str(row.__data__)


def test_a_newer_one_time_password_kills_the_older(bob, now):
    older, newer = (access.one_time_password(bob, now=now) for _ in range(2))
    refused(now, name="bob", password=older)
    assert sign_in(now, name="bob", password=newer).must_replace


@pytest.mark.parametrize(("later", "works"), [(-1, True), (0, False)])
def test_a_one_time_password_lives_seven_days(bob, now, later, works):
    text = access.one_time_password(bob, now=now)
    at = now + timedelta(days=7, seconds=later)
    if works:
        assert sign_in(at, name="bob", password=text).must_replace
    else:
        refused(at, name="bob", password=text)


def test_a_one_time_password_used_ten_times_at_once_works_once(bob, now):
    text = access.one_time_password(bob, now=now)
    ips = iter(f"10.2.{number}.1" for number in range(10))
    answers = in_threads(10, lambda: sign_in(now, name="bob", password=text, ip=next(ips)))
    assert sum(isinstance(answer, access.SignedIn) for answer in answers) == 1


def test_a_declined_one_keeps_the_one_time_password_unused(bob, now):
    text = access.one_time_password(bob, now=now)
    Affiliate.update(status=DECLINED).execute()
    refused(now, name="bob", password=text)
    Affiliate.update(status=ACTIVE).execute()
    assert sign_in(now, name="bob", password=text).must_replace


def test_of_two_people_each_has_their_own(alice, bob, now):
    text = access.one_time_password(bob, now=now)
    refused(now, name="alice", password=text)
    assert sign_in(now).who == alice


# --- Own passwords -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("poor", "said"),
    [
        ("short horse", "at least 12"),
        ("x" * 1001, "at most 1,000"),
        ("password1234", "easily guessed"),
        ("Password-2026", "easily guessed"),
        ("alice-alice-1", "easily guessed"),
        ("alice@example.com", "easily guessed"),
        ("123456789012", "easily guessed"),
        ("aaaaaaaaaaaaaa", "easily guessed"),
        ("qwertyuiop12", "easily guessed"),
        ("abcde-fghjk-mnpqr-stuvw", "one-time password"),
    ],
)
def test_a_poor_password_is_refused_in_words(alice, now, poor, said):
    with pytest.raises(Refused, match=said) as caught:
        access.set_password(alice, poor, now=now)
    assert caught.value.field == "new"
    assert sign_in(now).who == alice


@pytest.mark.parametrize(
    "good", ["x7" + "ä漢 " * 300, "my password is a red horse", "Alice eats pears"]
)
def test_long_and_foreign_passwords_are_fine(alice, now, good):
    access.set_password(alice, good, now=now)
    assert sign_in(now, password=good).who == alice


def test_an_accent_typed_in_another_way_is_the_same(alice, now):
    access.set_password(alice, "caf\u00e9 in the morning", now=now)
    assert sign_in(now, password="cafe\u0301 in the morning").who == alice


def test_a_new_password_ends_sessions_one_time_passwords_and_links(alice, now):
    text = access.one_time_password(alice, now=now)
    token = sessions.begin(alice, "", now=now)
    token = access.reset_token(alice, now=now)
    access.set_password(alice, "another horse battery", now=now)
    assert sessions.account_of(token, now=now, acting=True) is None
    assert access.reset_holder(token, now=now) is None
    refused(now, password=text)
    refused(now, password=OWN)


def test_somebody_signed_in_is_asked_again(alice, now):
    access.check_password(alice, OWN, now=now, ip=HOME)
    with pytest.raises(NotSignedIn, match="not right"):
        access.check_password(alice, "wrong horse battery", now=now, ip=HOME)


# --- Reset links -------------------------------------------------------------------------------


def test_a_reset_link_works_once_and_looking_does_not_use_it(alice, now):
    token = access.reset_token(alice, now=now)
    assert access.reset_holder(token, now=now) == access.reset_holder(token, now=now) == alice
    logins.reset_password(token, "another horse battery", now=now)
    assert sign_in(now, password="another horse battery").who == alice
    with pytest.raises(Refused, match="no longer works"):
        logins.reset_password(token, "a third horse battery", now=now)


def test_a_poor_password_leaves_the_link_as_it_was(alice, now):
    token = access.reset_token(alice, now=now)
    with pytest.raises(Refused, match="at least"):
        logins.reset_password(token, "short", now=now)
    assert access.reset_holder(token, now=now) == alice


@pytest.mark.parametrize(("minutes", "works"), [(59, True), (60, False), (-59, True), (-61, False)])
def test_a_reset_link_lives_an_hour_by_a_clock_that_may_go_back(alice, now, minutes, works):
    token = access.reset_token(alice, now=now)
    assert bool(access.reset_holder(token, now=now + timedelta(minutes=minutes))) is works


def test_a_newer_link_another_address_and_a_made_up_token_end_it(alice, now):
    older, newer = (access.reset_token(alice, now=now) for _ in range(2))
    assert access.reset_holder(older, now=now) is None
    assert access.reset_holder("made up", now=now) is None
    Affiliate.update(email_key="other@example.com").execute()
    assert access.reset_holder(newer, now=now) is None


def test_a_reset_link_used_at_once_works_once(alice, now):
    token = access.reset_token(alice, now=now)
    answers = in_threads(5, lambda: logins.reset_password(token, "another horse battery", now=now))
    assert sum(not isinstance(answer, Refused) for answer in answers) == 1


# --- API keys ----------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_kept_as_a_hash(db, now):
    token = access.create_key("shop", now=now)
    assert token.startswith("ap_live_")
    assert len(token) == len("ap_live_") + 43  # 256 bits in base64
    key = access.key_of(token)
    assert key.name == "shop"
    assert token not in str(key.__data__)
    assert access.key_of(token + "x") is None
    assert access.key_of("") is None


def test_a_key_remembers_its_last_day_and_opens_nothing_once_it_is_revoked(db, now):
    token = access.create_key("shop", now=now)
    access.used(access.key_of(token), now=now)
    assert access.key_of(token).last_used_on == "2026-03-15"
    access.ApiKey.update(revoked_at=now).execute()
    assert access.key_of(token) is None


# --- What is told by mail ----------------------------------------------------------------------


def kinds():
    return [row.kind for row in Message.select().order_by(Message.id)]


def test_the_first_own_password_and_each_change_are_told(bob, now):
    logins.choose_password(bob, OWN, now=now)
    logins.choose_password(bob, "another horse battery", now=now)
    token = access.reset_token(bob, now=now)
    logins.reset_password(token, "a third horse battery", now=now)
    assert kinds() == ["first_login", "password_changed", "password_changed"]


def test_a_forgotten_password_is_mailed_to_those_who_may_sign_in(alice, bob, now):
    Affiliate.update(status=DECLINED).where(Affiliate.code == "bob").execute()
    for name in ("alice", "bob", "nobody", "nobody@example.com"):
        logins.forgotten(name, now=now, ip=HOME)
    assert [row.holder for row in Message.select()] == [f"affiliate:{alice.id}"]


def test_only_three_links_an_hour_are_mailed_and_nobody_is_told_so(alice, now):
    for _ in range(6):
        logins.forgotten("alice", now=now, ip=HOME)
    assert kinds() == ["password_reset"] * 3


def test_a_one_time_password_has_the_form_that_is_looked_for():
    assert all(passwords.as_one_time(passwords.one_time()) for _ in range(200))
    assert not passwords.as_one_time("correct horse battery")
