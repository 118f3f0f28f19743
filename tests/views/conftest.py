"""The cast of the page tests: alice and mallory earn, ana runs the office, today."""

from datetime import timedelta

import pytest

from portal import database
from tests import makers


@pytest.fixture
def today():
    """The instant at which the pages are looked at."""
    return database.utcnow()


@pytest.fixture
def set_up(db, today):
    """A program that has run for a hundred days."""
    makers.make_program(today - timedelta(days=100))


@pytest.fixture
def alice(set_up, today):
    return makers.make_affiliate("alice", today - timedelta(days=90), **makers.ADDRESS)


@pytest.fixture
def mallory(set_up, today):
    return makers.make_affiliate("mallory", today - timedelta(days=90))


@pytest.fixture
def admin(set_up, today):
    return makers.make_admin(today - timedelta(days=90))


@pytest.fixture
def htmx(client):
    """Ask for an address as htmx does, for the part with this id."""

    def get(address, part):
        return client.get(address, headers={"HX-Request": "true", "HX-Target": part})

    return get
