"""Another key for tax IDs: all stay readable, whatever happens meanwhile."""

import json
import multiprocessing
import os
import signal
import sys
from itertools import count

import pytest

from portal import affiliates, backup, config, database, filing, vault
from portal.models import Affiliate, Audit, TaxIdOnFile
from tests import makers

GIVEN = {"ann": "219-45-6780", "ben": "94-3216540", "cleo": "958-70-8463"}
OTHER = "519-61-8417"
LOOKERS = count(1)  # one of them may not look often


@pytest.fixture
def ring(db, now, tmp_path):
    """The file with the keys, of a program with three tax IDs."""
    vault.use(tmp_path)
    makers.make_program(now)
    for code, tax_id in GIVEN.items():
        makers.make_affiliate(code, now, tax_id=tax_id, password=None)
    return tmp_path / vault.RING


def rotate(now, progress=lambda done, rows: None):
    return filing.rotate(by="test", now=now, progress=progress)


def shown(now):
    """The tax ID on file of each affiliate, opened."""
    people = [row.affiliate for row in TaxIdOnFile.select(TaxIdOnFile, Affiliate).join(Affiliate)]
    looker = str(next(LOOKERS))
    return {who.code: filing.reveal(who, "a test", by=looker, now=now) for who in people}


def used():
    """The ids of the keys that tax IDs on file are sealed with."""
    return {row.sealed.split(":")[1] for row in TaxIdOnFile.select()}


def current(ring):
    return json.loads(ring.read_text())["current"]


def test_all_are_sealed_under_the_new_key_and_the_old_one_is_kept(ring, now):
    (old,) = used()
    told = []
    assert rotate(now, lambda *done: told.append(done)) == []
    assert used() == {current(ring)} != {old}
    assert set(json.loads(ring.read_text())["keys"]) == {old, current(ring)}
    assert shown(now) == GIVEN
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert Audit.get(did="tax IDs sealed anew").subject == current(ring)


def test_an_old_key_alone_opens_none(ring, now):
    before = ring.read_text()
    rotate(now)
    ring.write_text(before)
    for row in TaxIdOnFile.select():
        with pytest.raises(vault.Unavailable):
            vault.unseal(row.sealed, row=f"tax_id_on_file:{row.affiliate_id}:sealed")


def test_a_backup_of_before_is_read_and_sealed_anew(ring, now, tmp_path):
    backup.make(tmp_path / "kept.db")
    rotate(now)
    backup.restore(tmp_path / "kept.db", now=now)
    assert used() != {current(ring)}
    assert shown(now) == GIVEN
    assert rotate(now) == []
    assert used() == {current(ring)}
    assert shown(now) == GIVEN


def test_what_is_given_meanwhile_is_not_lost(ring, now):
    def give(done, rows):
        if done == 1:  # the others are read already, and not written yet
            cleo = Affiliate.get(code="cleo")
            affiliates.change_tax_id(cleo, OTHER, by="test", now=now)
            ben = Affiliate.get(code="ben")
            TaxIdOnFile.delete().where(TaxIdOnFile.affiliate == ben).execute()
            makers.make_affiliate("dan", now, tax_id=OTHER, password=None)

    assert rotate(now, give) == []
    assert shown(now) == {"ann": GIVEN["ann"], "cleo": OTHER, "dan": OTHER}
    assert used() == {current(ring)}


def test_one_that_no_key_opens_is_told_and_left(ring, now):
    foreign = "v1:00000000:" + "A" * 60
    ben = Affiliate.get(code="ben")
    TaxIdOnFile.update(sealed=foreign).where(TaxIdOnFile.affiliate == ben).execute()
    assert rotate(now) == ["ben"]
    assert used() == {current(ring), "00000000"}
    assert TaxIdOnFile.get(affiliate=ben).sealed == foreign


def test_without_a_key_ring_nothing_is_made(ring, now):
    ring.unlink()
    with pytest.raises(vault.Unavailable, match="vault-keys"):
        rotate(now)
    assert not ring.exists()
    assert not Audit.select().where(Audit.did == "tax IDs sealed anew").exists()


# --- In processes of their own -----------------------------------------------------------------


@pytest.fixture
def processes():
    """Processes are forked from one that has imported everything, so they start at once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "portal.filing", "tests.makers"])
    return context


def _rotate(url, folder, now, before=lambda: None):
    database.connect(url).connect()
    vault.use(folder)
    before()
    rotate(now)
    database.db.close()


def _rotate_with_others(url, folder, now, start):
    _rotate(url, folder, now, start.wait)


def test_several_at_once_lose_no_key(ring, db_url, now, processes):
    start = processes.Barrier(4)
    about = (db_url, ring.parent, now, start)
    made = [processes.Process(target=_rotate_with_others, args=about) for _ in range(4)]
    for process in made:
        process.start()
    for process in made:
        process.join(60)
    assert [process.exitcode for process in made] == [0] * 4
    assert len(json.loads(ring.read_text())["keys"]) == 5
    assert shown(now) == GIVEN


def _rotate_until(url, folder, now, last):
    """Rotate, and be killed before a step: a line that runs in one of these modules."""
    ours = {module.__file__ for module in (filing, vault, config)}
    steps = count(1)

    def step(frame, event, _):
        if event == "line" and next(steps) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return step

    def begin():
        sys.settrace(lambda frame, *_: step if frame.f_code.co_filename in ours else None)

    _rotate(url, folder, now, begin)


def test_killed_before_any_step_all_is_readable_and_the_next_call_finishes(
    ring, db_url, now, processes
):
    keys = {}
    for last in count(1):
        about = (db_url, ring.parent, now, last)
        process = processes.Process(target=_rotate_until, args=about)
        process.start()
        process.join(60)
        assert shown(now) == GIVEN
        before, keys = keys, json.loads(ring.read_text())["keys"]
        assert before.items() <= keys.items()
        if process.exitcode != -signal.SIGKILL:
            break
    assert process.exitcode == 0
    assert last > 50  # or the steps were not those of a rotation
    assert used() == {current(ring)}
