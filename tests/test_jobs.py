"""The timetable: each month run once, oldest first, whatever clock and workers do."""

import logging
import multiprocessing
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal import accounts, config, database, jobs, mail, payouts, program, throttle
from portal.books import Payout, Run, Verification
from portal.models import Audit, Setting
from tests import mailserver, persons
from tests.makers import run_once

SET_UP = datetime(2026, 1, 20, 12, tzinfo=UTC)
APRIL = datetime(2026, 4, 10, 12, tzinfo=UTC)


@pytest.fixture
def settings(environ):
    return config.load(environ)


@pytest.fixture
def set_up(db):
    """A program that was set up on January 20."""
    program.change("first_month", "2026-01", by="test", now=SET_UP)


def run_payouts(now, settings):
    run_once("payouts", now, config=settings)


def runs():
    """The months that ran, in the order in which they did."""
    rows = Audit.select().where(Audit.did == "run").order_by(Audit.id)
    return [row.subject for row in rows]


# --- Payouts (R19) -----------------------------------------------------------------------------


def test_missed_months_run_oldest_first_from_the_one_of_the_set_up(set_up, settings):
    run_payouts(APRIL, settings)
    assert runs() == ["2026-01", "2026-02", "2026-03"]
    assert {row.by for row in Audit.select().where(Audit.did == "run")} == {"timetable"}


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-02-01T13:59:59Z", None),
        ("2026-02-01T14:00:00Z", "2026-01"),  # 06:00 in Los Angeles
        ("2026-01-20T12:00:00Z", None),
        ("2030-01-01T00:00:00Z", "2026-01"),
    ],
)
def test_a_month_is_due_from_six_in_the_morning_of_the_payout_day(set_up, at, due):
    assert jobs.due_month(datetime.fromisoformat(at)) == due


def test_the_payout_day_is_the_programs(set_up, now):
    program.change("payout_day", "15", by="test", now=SET_UP)
    assert jobs.due_month(datetime(2026, 2, 14, 23, tzinfo=UTC)) is None
    assert jobs.due_month(datetime(2026, 2, 15, 14, tzinfo=UTC)) == "2026-01"


def test_no_month_runs_by_itself_that_ended_before_the_set_up(set_up, settings):
    program.change("first_month", "2026-03", by="test", now=SET_UP)
    run_payouts(APRIL, settings)
    assert runs() == ["2026-03"]


def test_months_before_a_run_by_hand_are_left_out(set_up, settings):
    payouts.run_month("2026-02", now=APRIL, by="office")
    run_payouts(APRIL, settings)
    assert runs() == ["2026-02", "2026-03"]


def test_a_program_that_is_not_set_up_runs_nothing(db, settings):
    Setting.delete().execute()
    run_payouts(APRIL, settings)
    assert not Run.select().exists()


def test_nothing_runs_while_the_books_are_in_doubt(set_up, settings, caplog):
    Verification.create(at=SET_UP, entries=1, differences=["An entry was changed."])
    run_payouts(APRIL, settings)
    assert runs() == []
    assert "2026-01 were not run" in caplog.text
    Verification.create(at=APRIL, entries=1, differences=[])
    run_payouts(APRIL, settings)
    assert runs() == ["2026-01", "2026-02", "2026-03"]


def test_a_clock_that_jumps_goes_back_or_stands_still_runs_each_month_once(set_up, settings):
    february = datetime(2026, 2, 1, 14, tzinfo=UTC)
    jumps = (0, 40, 38, -3, 0, 0, 40, 70)
    for days in jumps:
        run_payouts(february + timedelta(days=days), settings)
    assert runs() == ["2026-01", "2026-02", "2026-03"]


def _run_in_a_process(db_url, settings, start):
    database.connect(db_url)
    start.wait()
    run_once("payouts", APRIL, config=settings)


def test_two_processes_at_once_make_each_run_once(set_up, settings, db_url):
    alice = persons.affiliate("alice", SET_UP)
    program.change("minimum_payout", "1", by="test", now=SET_UP)
    accounts.adjust(alice, 500, "a present", by="test", now=SET_UP)
    processes = multiprocessing.get_context("spawn")
    start = processes.Barrier(2)
    workers = [
        processes.Process(target=_run_in_a_process, args=(db_url, settings, start))
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert runs() == ["2026-01", "2026-02", "2026-03"]
    assert [row.amount for row in Payout.select()] == [500]


# --- The night ---------------------------------------------------------------------------------


def verify(at, settings):
    run_once("verify", at, config=settings)
    return Verification.select().count()


def test_the_books_are_verified_once_a_night(set_up, settings):
    three = datetime(2026, 4, 10, 10, tzinfo=UTC)  # 03:00 in Los Angeles
    assert verify(three, settings) == 1
    assert verify(three, settings) == 1
    assert verify(three + timedelta(hours=23), settings) == 1
    assert verify(three + timedelta(hours=24), settings) == 2
    assert verify(three, settings) == 2


def test_a_turn_of_a_killed_worker_is_taken_again_after_an_hour(set_up, settings):
    assert throttle.count("verify 2026-04-10", throttle.HOUR, APRIL) == 1
    assert verify(APRIL + timedelta(minutes=59), settings) == 0
    assert verify(APRIL + timedelta(minutes=60), settings) == 1


def test_a_backup_is_made_once_a_night(set_up, settings):
    for hours in (0, 1, 23, 24):
        run_once("backup", APRIL + timedelta(hours=hours), config=settings)
    made = sorted(file.name for file in (settings.data / "backups").iterdir())
    assert made == ["portal-2026-04-10.db", "portal-2026-04-11.db"]


def test_of_many_workers_one_makes_the_backup(set_up, settings):
    assert throttle.count("backup 2026-04-10", throttle.HOUR, APRIL) == 1
    run_once("backup", APRIL, config=settings)
    assert not (settings.data / "backups").exists()


# --- The scheduler itself ----------------------------------------------------------------------


class Arrival:
    """A mail server that tells when a mail arrived, so nobody has to sleep."""

    def __init__(self, server):
        self.event = threading.Event()
        server.mailbox.at_data = lambda _: self.event.set()

    def wait(self):
        assert self.event.wait(60), "no mail arrived"


@pytest.fixture
def smtp():
    with mailserver.Running() as running:
        yield running


@pytest.fixture
def timetable(environ, smtp):
    """The timetable of one worker, as the server starts it, with that mail server."""
    started = jobs.Timetable(
        config.load({**environ, "MAIL_URL": f"smtp://127.0.0.1:{smtp.address.port}"})
    )
    yield started
    if started.running:
        started.shutdown()


def queue_one(now):
    with database.transaction():
        mail.queue("login", to=persons.affiliate("alice", now), now=now, key="login:1")


def test_mail_goes_out_by_itself(set_up, smtp, timetable, now):
    arrival = Arrival(smtp)
    queue_one(now)
    arrival.wait()
    timetable.shutdown()
    assert mail.Message.get().state == "sent"


def test_mail_goes_out_while_the_clock_stands_still(set_up, smtp, timetable, now):
    with time_machine.travel(now, tick=False):
        arrival = Arrival(smtp)
        queue_one(now)
        arrival.wait()
        timetable.shutdown()


def test_an_error_is_logged_and_ends_only_its_turn(set_up, smtp, timetable, now):
    said, failed = [], threading.Event()

    class Listener(logging.Handler):
        def emit(self, record):
            said.append(record.getMessage())
            failed.set()

    listener = Listener(level=logging.ERROR)
    jobs.log.addHandler(listener)
    database.db.execute_sql("ALTER TABLE message RENAME TO elsewhere")
    try:
        assert failed.wait(60)
    finally:
        database.db.execute_sql("ALTER TABLE elsewhere RENAME TO message")
        jobs.log.removeHandler(listener)
    assert said[0] == "the job mail failed"
    arrival = Arrival(smtp)
    queue_one(now)
    arrival.wait()


def test_the_end_of_a_worker_ends_the_timetable(set_up, timetable):
    timetable.shutdown()
    assert not timetable.running
