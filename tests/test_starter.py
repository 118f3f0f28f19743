"""The starter set: offered once in the life of a program, by whoever comes first."""

import subprocess
import sys

import pytest

from portal import database, material, pictures, starter, swipes
from portal.material import BANNER, EMAIL, TEXT, Creative, Image
from portal.models import Audit, Link
from tests.makers import make_program

COUNT = len(starter.BANNERS) + len(starter.TEXTS) + len(starter.EMAILS)
OFFERING = """
import os, sys
from datetime import UTC, datetime
from portal import database, starter
database.connect(os.environ["DATABASE_URL"]).connect()
print("ready", flush=True)
sys.stdin.readline()
print(starter.offer(now=datetime(2026, 3, 15, 12, tzinfo=UTC)))
"""


@pytest.fixture
def program(db, now):
    make_program(now)


def test_a_new_program_is_offered_the_whole_set(program, now):
    assert starter.offer(now=now)
    assert [c.name for c in material.listed(BANNER)] == list(starter.BANNERS)
    assert [c.name for c in material.listed(TEXT)] == list(starter.TEXTS)
    assert [c.name for c in material.listed(EMAIL)] == [name for name, *_ in starter.EMAILS]
    sizes = [(c.image.width, c.image.height) for c in material.listed(BANNER)]
    assert sizes == [(728, 90), (468, 60), (300, 250), (250, 250), (320, 50)]
    assert Audit.select().where(Audit.by == starter.BY).count() == COUNT


def test_its_banners_are_pictures_that_the_office_could_have_sent(program, now):
    starter.offer(now=now)
    for image in Image.select():
        assert image.size == len(image.content) < 40_000
        read = pictures.read(bytes(image.content))
        assert read[:3] == (image.kind, image.width, image.height)


def test_its_texts_are_clean_and_say_that_the_sender_earns():
    for _, _, subject, text in starter.EMAILS:
        assert swipes.clean(text) == (text, [])
        assert all(f"{{{name}}}" in text for name in ("link", "disclosure", "affiliate"))
        assert "{" not in subject


def test_it_is_safe_to_offer_again(program, now):
    assert [starter.offer(now=now) for _ in range(3)] == [True, False, False]
    assert Creative.select().count() == Link.select().count() == COUNT


def test_never_again_once_there_was_anything(program, now):
    starter.offer(now=now)
    for creative in Creative.select():
        material.offer(creative, False, by="office@example.com", now=now)
    assert not starter.offer(now=now)
    assert material.listed(BANNER) == material.listed(TEXT) == material.listed(EMAIL) == []


def test_not_beside_what_the_office_made_itself(program, now):
    material.add(TEXT, name="Ours", text="Ours", by="office@example.com", now=now)
    assert not starter.offer(now=now)
    assert Creative.select().count() == 1


def test_two_processes_at_once_offer_it_once(program, environ):
    database.db.close_all()
    command = [sys.executable, "-c", OFFERING]
    both = [
        subprocess.Popen(
            command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for one in both:
        assert one.stdout.readline() == "ready\n"
    for one in both:
        one.stdin.write("\n")
        one.stdin.flush()
    said = [one.communicate(timeout=180)[0].strip() for one in both]
    database.db.connect()
    assert sorted(said) == ["False", "True"]
    assert Creative.select().count() == COUNT
    assert len({creative.link_id for creative in Creative.select()}) == COUNT
