"""The outbox and a real SMTP server: each mail once, nothing secret kept, whatever happens."""

import multiprocessing
import os
import signal
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import getaddresses
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal import access, database, mail, program
from portal.config import MailServer
from portal.mail import Message
from portal.models import Affiliate
from portal.rules import DECLINED
from tests import mailserver, persons
from tests.mailserver import line, text

URL = "https://partners.example.com"


@pytest.fixture
def smtp():
    with mailserver.Running() as running:
        yield running


@pytest.fixture
def alice(db, now):
    program.initialize(now)
    program.change("program_name", "Maestro Partners", by="test", now=now)
    program.change("program_address", "410 Harbor Way, Oakland", by="test", now=now)
    program.change("support_email", "partners@maestro.example", by="test", now=now)
    return persons.affiliate("alice", now, name="Alice Ames")


def queue(to, now, kind="login", key=None, **facts):
    with database.transaction():
        mail.queue(kind, to=to, now=now, key=key or f"{kind}:{to.id}", **facts)


def deliver(smtp, now, server=None):
    return mail.deliver(server or smtp.address, URL, clock=lambda: now)


def states():
    return [row.state for row in Message.select().order_by(Message.id)]


# --- What is written ---------------------------------------------------------------------------


def test_the_login_mail_has_user_name_password_and_address(smtp, alice, now):
    queue(alice, now)
    assert deliver(smtp, now) == 1
    (received,) = smtp.mailbox.mails
    assert received["To"] == "alice@example.com"
    assert received["From"] == "Maestro Partners <partners@maestro.example>"
    assert received["Subject"] == "Your login to Maestro Partners"
    assert received["Auto-Submitted"] == "auto-generated"
    assert line(received, "User name") == "alice"
    assert f"{URL}/login" in text(received)
    password = line(received, "Password")
    assert password in received.get_body(("html",)).get_content()
    assert access.sign_in("alice", password, now=now, ip="192.0.2.1") == (alice, True)


MONTH = {"month": "2026-11", "amount": 123450}
FACTS = {
    "tax_hold": MONTH,
    "address_needed": MONTH,
    "check_mailed": MONTH | {"number": 10482, "day": "December 2, 2026"},
    "check_void": MONTH | {"number": 10482, "why": "lost"},
    "reversal": {
        "what": "Refund",
        "amount": -980,
        "order": "20702",
        "who": "M. O.",
        "balance": -5,
        "left": 0,
        "on": "November 2, 2026",
    },
    "first_commission": {"amount": 2000},
    "closed": {"balance": 4200},
    "checks_changed": {"lines": ["Ames LLC", "1 Low St"]},
    "tax_changed": {"last_four": "6780"},
    "email_changed": {"new": "new@example.com"},
    "confirm_email": {"address": "new@example.com"},
    "email_taken": {"address": "new@example.com"},
    "case_answered": {"subject": "A voucher", "case": "abc"},
}


TO_STRANGERS = ("confirm_email", "email_taken")  # who is nobody's business of the addressed


@pytest.mark.parametrize("kind", sorted(mail.letters.KINDS))
def test_every_kind_is_written_in_plain_words(smtp, alice, now, kind):
    queue(alice, now, kind, **FACTS.get(kind, {}))
    assert deliver(smtp, now) == 1
    (received,) = smtp.mailbox.mails
    plain, marked_up = text(received), received.get_body(("html",)).get_content()
    assert ("Hello," if kind in TO_STRANGERS else "Hello Alice Ames,") in plain
    for said in ("Maestro Partners", "410 Harbor Way", "partners@maestro.example", f"{URL}/login"):
        assert said in plain
        assert said in marked_up
    assert "Forgot your password" not in plain  # the page calls it otherwise
    assert "\n\n-- \nMaestro Partners\n" in plain.replace("\r\n", "\n")
    assert "\n<hr>\n<p>Maestro Partners<br>\n" in marked_up.replace("\r\n", "\n")
    assert "!" not in received["Subject"] + plain
    assert "{" not in plain + marked_up
    assert "</html>" in marked_up
    links = [word for word in plain.split() if word.startswith("http")]
    assert all(link.startswith(f"{URL}/") for link in links)


def test_amounts_and_months_read_as_on_the_pages(smtp, alice, now):
    queue(alice, now, "check_mailed", **FACTS["check_mailed"])
    deliver(smtp, now)
    assert smtp.mailbox.mails[0]["Subject"] == "Your check of $1,234.50 is on its way"
    assert "Check 10482 for November 2026, $1,234.50, was mailed" in text(smtp.mailbox.mails[0])


def test_a_name_cannot_write_headers_lines_or_markup(smtp, alice, now):
    name = "Al\r\nPassword: evil\r\nBcc: all@example.com <b>x</b>"
    Affiliate.update(name=name).execute()
    program.change("program_name", "Maestro & Sons", by="test", now=now)
    queue(alice, now)
    deliver(smtp, now)
    (received,) = smtp.mailbox.mails
    assert received["Bcc"] is None
    assert line(received, "Password") != "evil"
    assert "<b>" not in received.get_body(("html",)).get_content()
    assert getaddresses([received["From"]]) == [("Maestro & Sons", "partners@maestro.example")]


def test_a_name_makes_no_link(smtp, alice, now):
    Affiliate.update(name="Win at https://evil.example/now").execute()
    queue(alice, now)
    deliver(smtp, now)
    marked_up = smtp.mailbox.mails[0].get_body(("html",)).get_content()
    assert 'href="https://evil' not in marked_up
    assert f'<a href="{URL}/login">{URL}/login</a>' in marked_up


def test_a_second_tier_reversal_names_no_customer(smtp, alice, now):
    facts = {name: said for name, said in FACTS["reversal"].items() if name not in ("who", "order")}
    queue(alice, now, "reversal", **facts)
    assert deliver(smtp, now) == 1, Message.get().error
    said = " ".join(text(smtp.mailbox.mails[0]).split())
    assert "a customer of an affiliate you referred" in said
    assert "Order" not in said


def test_whoever_applies_again_is_told_that_the_account_is_closed(smtp, alice, now):
    Affiliate.update(closed_at=now).execute()
    queue(alice, now, "account_exists")
    deliver(smtp, now)
    said = text(smtp.mailbox.mails[0])
    assert "It is closed. To have it opened again" in said
    assert "new password" not in said


@pytest.mark.parametrize("email", ["jörg@example.com", "joerg@münchen.example"])
def test_addresses_of_the_whole_world(smtp, alice, now, email):
    Affiliate.update(email=email).execute()
    queue(alice, now)
    assert deliver(smtp, now) == 1, Message.get().error


def test_a_fact_that_is_missing_does_not_stop_the_others(smtp, alice, now):
    queue(alice, now, "case_answered")
    queue(persons.affiliate("bob", now), now)
    assert deliver(smtp, now) == 1
    assert "UndefinedError" in mail.waiting().get().error


# --- Queued with the deed ----------------------------------------------------------------------


def test_the_same_key_is_one_mail(smtp, alice, now):
    for _ in range(3):
        queue(alice, now)
    assert deliver(smtp, now) == 1
    queue(alice, now)
    assert deliver(smtp, now) == 0


def test_a_deed_that_fails_queues_nothing(alice, now):
    @database.transaction()
    def deed():
        mail.queue("login", to=alice, now=now, key="x")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        deed()
    assert not Message.select().exists()


def test_an_unknown_kind_is_refused(alice, now):
    with pytest.raises(ValueError, match="no mail of the kind"):
        queue(alice, now, "gossip")


# --- A server that does not take it ------------------------------------------------------------


def test_while_the_server_is_down_mails_wait_and_go_when_it_is_back(alice, now):
    people = [persons.affiliate(f"person-{number}", now) for number in range(5)]
    for person in people:
        queue(person, now)
    nowhere = MailServer("127.0.0.1", mailserver.free_port(), tls=False)
    for minute in range(3):
        assert deliver(None, now + timedelta(minutes=minute), nowhere) == 0
    assert states() == ["waiting"] * 5
    assert "refused" in mail.waiting().get().error.lower()
    assert not access.OneTimePassword.select().exists()  # nothing was made for nothing
    with mailserver.Running() as smtp:
        later = now + timedelta(minutes=4)
        assert sum(deliver(smtp, later) for _ in range(2)) == 5
        assert len(smtp.mailbox.mails) == 5
    assert not mail.waiting().exists()


def test_a_4xx_is_tried_again_after_1_2_4_minutes(smtp, alice, now):
    smtp.mailbox.at_rcpt = lambda address: "451 Try again later"
    queue(alice, now)
    tried = []
    for minute in range(16):
        before = Message.get().attempts
        deliver(smtp, now + timedelta(minutes=minute))
        tried += [minute] if Message.get().attempts > before else []
    assert tried == [0, 1, 3, 7, 15]
    assert Message.get().error == "451 Try again later"
    smtp.mailbox.at_rcpt = lambda address: None
    assert deliver(smtp, now + timedelta(hours=3)) == 1
    assert (Message.get().state, Message.get().error) == ("sent", "")


def test_no_wait_is_longer_than_two_hours_and_three_days_are_the_end(smtp, alice, now):
    smtp.mailbox.at_rcpt = lambda address: "451 Try again later"
    queue(alice, now)
    at = now
    while Message.get().state == "waiting":
        deliver(smtp, at)
        assert Message.get().due_at - at <= timedelta(hours=2)
        at = Message.get().due_at
    assert timedelta(days=3) < at - now < timedelta(days=3, hours=5)
    smtp.mailbox.at_rcpt = lambda address: None
    assert mail.try_again(Message.get().id, now=at)
    assert deliver(smtp, at) == 1
    assert not mail.try_again(Message.get().id, now=at)


def test_a_550_is_final_and_the_next_to_the_same_person_goes(smtp, alice, now):
    smtp.mailbox.at_data = lambda server: "550 No thanks"
    queue(alice, now)
    deliver(smtp, now)
    smtp.mailbox.at_data = lambda server: None
    queue(alice, now, "tax_hold", month="2026-11", amount=1)
    assert deliver(smtp, now + timedelta(days=1)) == 1
    assert states() == ["failed", "sent"]
    assert mail.waiting().get().error == "550 No thanks"


def test_a_connection_dropped_before_the_250_is_tried_again_with_a_newer_password(smtp, alice, now):
    smtp.mailbox.at_data = lambda server: server.transport.abort()
    queue(alice, now)
    assert deliver(smtp, now) == 0
    smtp.mailbox.at_data = lambda server: None
    assert deliver(smtp, now + timedelta(minutes=1)) == 1, Message.get().error
    first, second = smtp.mailbox.mails
    assert first["Message-ID"] == second["Message-ID"]
    with pytest.raises(access.NotSignedIn):
        access.sign_in("alice", line(first, "Password"), now=now, ip="192.0.2.1")
    assert access.sign_in("alice", line(second, "Password"), now=now, ip="192.0.2.1").must_replace


def test_a_refused_recipient_leaves_the_older_password_alive(smtp, alice, now):
    text = access.one_time_password(alice, now=now)
    smtp.mailbox.at_rcpt = lambda address: "450 Mailbox busy"
    queue(alice, now)
    deliver(smtp, now)
    assert access.sign_in("alice", text, now=now, ip="192.0.2.1").must_replace


def test_mails_to_one_person_keep_their_order(smtp, alice, now):
    queue(alice, now, "applied")
    queue(alice, now, "login")
    smtp.mailbox.at_rcpt = lambda address: "451 Try again later"
    deliver(smtp, now)
    smtp.mailbox.at_rcpt = lambda address: None
    assert deliver(smtp, now + timedelta(seconds=30)) == 0
    assert deliver(smtp, now + timedelta(minutes=1)) == 2
    assert [m["Subject"] for m in smtp.mailbox.mails] == [
        "We received your application to Maestro Partners",
        "Your login to Maestro Partners",
    ]


def test_a_clock_that_is_put_back_does_not_stop_the_mail(smtp, alice, now):
    smtp.mailbox.at_rcpt = lambda address: "451 Try again later"
    queue(alice, now + timedelta(days=40))
    deliver(smtp, now + timedelta(days=40))
    smtp.mailbox.at_rcpt = lambda address: None
    assert deliver(smtp, now) == 1


def test_the_password_of_the_server_is_not_sent_in_the_clear(smtp, alice, now):
    # On Linux 0.0.0.0 reaches this machine, but by its form it might be anywhere.
    server = MailServer("0.0.0.0", smtp.address.port, tls=False, user="u", password="p")  # noqa: S104
    queue(alice, now)
    assert deliver(smtp, now, server) == 0
    assert "offers no TLS" in mail.waiting().get().error
    assert smtp.mailbox.mails == []


@pytest.fixture
def certificate(tmp_path):
    """A certificate for localhost that nobody trusts yet, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(today - timedelta(1)).not_valid_after(today + timedelta(1))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    signed = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    pkcs8 = serialization.PrivateFormat.PKCS8
    file = tmp_path / "localhost.pem"
    file.write_bytes(signed.public_bytes(pem) + key.private_bytes(pem, pkcs8, plain))
    return file


def test_smtps_goes_only_to_a_server_that_proves_its_name(alice, now, certificate, monkeypatch):
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    with mailserver.Running(tls) as smtp:
        queue(alice, now)
        assert deliver(smtp, now) == 0
        assert "CERTIFICATE_VERIFY_FAILED" in mail.waiting().get().error
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert deliver(smtp, now + timedelta(minutes=1)) == 1


# --- What is no longer wanted ------------------------------------------------------------------


def test_a_reset_link_asked_for_an_hour_ago_is_dropped(smtp, alice, now):
    queue(alice, now, "password_reset")
    assert deliver(smtp, now + timedelta(minutes=61)) == 0
    assert states() == ["dropped"]


def test_of_two_reset_links_only_the_newer_is_sent_and_works(smtp, alice, now):
    queue(alice, now, "password_reset", key="1")
    queue(alice, now, "password_reset", key="2")
    assert deliver(smtp, now) == 1
    assert states() == ["dropped", "sent"]
    link = line(smtp.mailbox.mails[0], "Choose a new password")
    assert link.startswith(f"{URL}/password/new/")
    assert access.reset_holder(link.rpartition("/")[2], now=now) == alice


def test_a_login_is_dropped_for_who_has_a_password_or_was_declined(smtp, alice, now):
    bob = persons.affiliate("bob", now, status=DECLINED)
    access.set_password(alice, "correct horse battery", now=now)
    queue(alice, now)
    queue(bob, now)
    assert deliver(smtp, now) == 0
    assert states() == ["dropped", "dropped"]


# --- Several senders ---------------------------------------------------------------------------


def _send_in_a_process(db_url, address, now, start, answers):
    database.connect(db_url)
    with database.db.connection_context():
        if start:
            start.wait()
        answers.put(mail.deliver(address, URL, clock=lambda: now))


def test_two_senders_send_200_mails_each_once(smtp, db_url, alice, now):
    for number in range(200):
        queue(persons.affiliate(f"person-{number}", now), now, "applied")
    processes = multiprocessing.get_context("spawn")
    start, answers = processes.Barrier(2), processes.Queue()
    told = (db_url, smtp.address, now, start, answers)
    senders = [processes.Process(target=_send_in_a_process, args=told) for _ in range(2)]
    for sender in senders:
        sender.start()
    counts = [answers.get(timeout=600) for _ in senders]
    for sender in senders:
        sender.join()
    assert sum(counts) == 200
    assert min(counts) > 0
    assert len({m["To"] for m in smtp.mailbox.mails}) == len(smtp.mailbox.mails) == 200


def test_a_sender_killed_after_the_250_sends_once_more_with_the_same_id(smtp, db_url, alice, now):
    processes = multiprocessing.get_context("spawn")
    answers = processes.Queue()
    told = (db_url, smtp.address, now, None, answers)
    sender = processes.Process(target=_send_in_a_process, args=told)
    smtp.mailbox.at_data = lambda server: os.kill(sender.pid, signal.SIGKILL)
    queue(alice, now)
    sender.start()
    sender.join()
    smtp.mailbox.at_data = lambda server: None
    assert deliver(smtp, now) == 0  # the lease of the dead still holds
    assert deliver(smtp, now + mail.LEASE) == 1
    first, second = smtp.mailbox.mails
    assert first["Message-ID"] == second["Message-ID"]


def test_no_password_is_in_the_database(smtp, alice, now, db_url):
    queue(alice, now)
    queue(alice, now, "password_reset")
    deliver(smtp, now)
    login, reset = smtp.mailbox.mails
    secrets = [line(login, "Password"), line(reset, "Choose a new password").rpartition("/")[2]]
    tables = [access.OneTimePassword, access.ResetToken, Message, Affiliate]
    kept = str([list(table.select().dicts()) for table in tables])
    assert not [secret for secret in secrets if secret in kept]
    if database.is_sqlite():
        file = db_url.removeprefix("sqlite:///")
        for name in (file, f"{file}-wal"):
            raw = Path(name).read_bytes()
            assert not [secret for secret in secrets if secret.encode() in raw]
