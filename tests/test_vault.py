"""The vault: what is sealed opens only with its key, in its row, unchanged."""

import multiprocessing
import os
import stat
from concurrent.futures import ProcessPoolExecutor

import pytest

from portal import vault

ROW = "tax_id_on_file:17:sealed"
NUMBER = "123-45-6780"


@pytest.fixture
def folder(tmp_path):
    vault.use(tmp_path / "data")
    return tmp_path / "data"


def test_what_is_sealed_opens_again(folder):
    sealed = vault.seal(NUMBER, row=ROW)
    assert sealed.startswith("v1:")
    assert NUMBER not in sealed
    assert vault.unseal(sealed, row=ROW) == NUMBER
    assert vault.seal(NUMBER, row=ROW) != sealed


def test_a_value_copied_to_another_row_does_not_open(folder):
    with pytest.raises(vault.Unavailable, match="another row"):
        vault.unseal(vault.seal(NUMBER, row=ROW), row="tax_id_on_file:18:sealed")


def test_another_key_ring_is_unavailable_and_makes_no_key(folder, tmp_path):
    sealed = vault.seal(NUMBER, row=ROW)
    vault.use(tmp_path / "elsewhere")
    with pytest.raises(vault.Unavailable, match="not in the key ring"):
        vault.unseal(sealed, row=ROW)
    assert not (tmp_path / "elsewhere").exists()


def test_a_key_ring_that_cannot_be_read_is_unavailable(folder):
    sealed = vault.seal(NUMBER, row=ROW)
    (folder / vault.RING).write_text("{")
    with pytest.raises(vault.Unavailable, match="cannot be read"):
        vault.unseal(sealed, row=ROW)


@pytest.mark.parametrize("text", ["", NUMBER, "v1:x", "v1:x:y:z", "v1:x:***"])
def test_what_is_not_sealed_is_unavailable(folder, text):
    vault.seal(NUMBER, row=ROW)
    with pytest.raises(vault.Unavailable):
        vault.unseal(text, row=ROW)


def test_every_changed_letter_is_noticed(folder):
    head, _, body = vault.seal(NUMBER, row=ROW).rpartition(":")
    for place in range(0, len(body) - 4, 5):
        other = "A" if body[place] != "A" else "B"
        with pytest.raises(vault.Unavailable):
            vault.unseal(f"{head}:{body[:place]}{other}{body[place + 1 :]}", row=ROW)


def test_only_the_owner_reads_the_key_ring(folder):
    vault.seal(NUMBER, row=ROW)
    assert stat.S_IMODE((folder / vault.RING).stat().st_mode) == 0o600
    assert [file.name for file in folder.iterdir()] == [vault.RING]


def test_a_new_key_seals_in_every_process_and_the_file_stays_the_owners(folder):
    sealed, ring = vault.seal(NUMBER, row=ROW), folder / vault.RING
    if os.geteuid() == 0:  # as who serves, while root makes the key
        os.chown(ring, 65534, -1)
    owner = ring.stat().st_uid
    with ring.open() as reading:
        key = vault.renew()
        assert key not in reading.read()  # another file: who reads meanwhile gets the whole old one
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        told = pool.submit(_seal_elsewhere, folder).result(timeout=60)
    assert told.startswith(f"v1:{key}:")
    assert [vault.unseal(text, row=ROW) for text in (sealed, told)] == [NUMBER] * 2
    assert stat.S_IMODE(ring.stat().st_mode) == 0o600
    assert ring.stat().st_uid == owner
    assert [file.name for file in folder.iterdir()] == [vault.RING]


def test_no_key_is_added_where_there_is_no_key_ring(folder):
    with pytest.raises(vault.Unavailable, match=r"vault-keys\.json"):
        vault.renew()
    assert not folder.exists()


def _seal_elsewhere(folder):
    vault.use(folder)
    return vault.seal(NUMBER, row=ROW)


def _seal_in_a_process(folder, start, answers):
    start.wait()
    answers.put(_seal_elsewhere(folder))


def test_processes_that_start_at_once_use_one_key(folder):
    processes = multiprocessing.get_context("spawn")
    start, answers = processes.Barrier(4), processes.Queue()
    made = [
        processes.Process(target=_seal_in_a_process, args=(folder, start, answers))
        for _ in range(4)
    ]
    for process in made:
        process.start()
    sealed = [answers.get(timeout=60) for _ in made]
    for process in made:
        process.join()
    assert [vault.unseal(text, row=ROW) for text in sealed] == [NUMBER] * 4
    assert len({text.split(":")[1] for text in sealed}) == 1
