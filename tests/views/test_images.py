"""Pictures for pages anywhere: open to all, kept for good, and unable to do anything."""

import pytest

from portal import material, pictures
from portal.material import BANNER, Image
from tests.creatives import OFFICE, make_creative, png


@pytest.fixture
def address(set_up, today):
    image = make_creative(BANNER, "Leaderboard", today).image
    return f"/images/{image.key}.{image.kind}"


def test_a_picture_is_served_to_everyone(client, address):
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert pictures.read(answer.data)[:3] == ("png", 300, 250)
    assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_it_may_be_shown_anywhere_kept_for_good_and_do_nothing(client, address):
    headers = client.get(address).headers
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Set-Cookie" not in headers


def test_one_who_is_signed_in_gets_the_same(client, login_as, alice, address):
    before = client.get(address)
    after = login_as(alice).get(address)
    assert (after.data, after.headers) == (before.data, before.headers)


def test_one_who_has_it_gets_it_not_again(client, address):
    tag = client.get(address).headers["ETag"]
    answer = client.get(address, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.data) == (304, b"")
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_each_kind_says_what_it_is(client, set_up, today, kind):
    name = pictures.KINDS[kind]
    image = material.keep_image(pictures.Picture(name, 1, 1, b"x" + name.encode()), now=today)
    answer = client.get(f"/images/{image.key}.{name}")
    assert answer.mimetype == f"image/{kind.lower()}"


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_wrong_method(client, address, method):
    assert getattr(client, method)(address).status_code in (400, 405)


@pytest.mark.parametrize(
    "wrong",
    ["{key}.gif", "{key}.PNG", "{key}", "{upper}.png", "x.png", "%00.png", "{key}.png%00",
     "..%2f.png", "{key}.", ".png", "%ff%fe.png", "{key}.p.png"],
)  # fmt: skip
def test_what_is_nowhere(client, address, wrong):
    key = Image.get().key
    answer = client.get("/images/" + wrong.format(key=key, upper=f"{key[:-1]}G"))
    assert answer.status_code == 404
    assert "Set-Cookie" not in answer.headers


def test_the_logo_stands_on_every_page(app, login_as, alice, admin, today):
    material.set_logo(pictures.read(png(size=(160, 40))), by=OFFICE, now=today)
    image = Image.get()
    shown = f'<img src="/images/{image.key}.png" height="40" alt="Maestro">'
    places = {None: ("/", "/login", "/apply", "/nothing"), alice: ("/center/", "/center/profile"),
              admin: ("/admin/", "/admin/material")}  # fmt: skip
    for person, addresses in places.items():
        client = login_as(person) if person else app.test_client()
        for address in addresses:
            assert shown in client.get(address).text, address
    material.set_logo(None, by=OFFICE, now=today)
    assert "/images/" not in app.test_client().get("/").text
