"""After a restore the office asks for the highest check number before anything is paid."""

import pytest

from portal import backup, checks
from portal.models import Audit


@pytest.fixture
def restored(login_as, admin, today, tmp_path):
    """The office of a program that was restored from a backup just now."""
    backup.make(tmp_path / "kept.db")
    backup.restore(tmp_path / "kept.db", now=today)
    return login_as(admin)


def test_the_overview_tells_until_it_is_confirmed(restored):
    assert "A backup was restored" in restored.get("/admin/").text
    answer = restored.post("/admin/restored", data={"highest_check": "1044"})
    assert answer.location == "/admin/"
    assert "A backup was restored" not in restored.get("/admin/").text
    assert checks.next_number() == 1045
    assert Audit.get(Audit.did == "restored").by == "office@example.com"


@pytest.mark.parametrize("number", ["", "many", "-1", "9" * 20])
def test_a_number_that_cannot_be_is_said(restored, number):
    answer = restored.post("/admin/restored", data={"highest_check": number})
    assert answer.status_code == 422
    assert "to fix" in answer.text
    assert backup.unconfirmed()


def test_without_a_restore_there_is_nothing_to_confirm(login_as, admin):
    office = login_as(admin)
    assert office.get("/admin/restored").location.endswith("/admin/")
    assert office.post("/admin/restored", data={"highest_check": "5"}).status_code == 303
    assert "No restore waits" in office.get("/admin/").text


def test_the_last_backup_is_told(login_as, admin, app, today):
    office, data = login_as(admin), app.config["PORTAL"].data
    assert "None yet" in office.get("/admin/").text.partition("Last nightly backup")[2]
    backup.nightly(data, today.date())
    assert "None yet" not in office.get("/admin/").text.partition("Last nightly backup")[2]
