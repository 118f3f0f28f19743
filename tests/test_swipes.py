"""Swipe e-mails and text links: made clean whatever was written, with the own link in them."""

import html
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import material, program, swipes
from portal.material import Creative
from portal.rules import Refused
from tests.makers import ADDRESS, make_affiliate, make_program

LINK = "https://portal.example/go/alice/banner.3?sub_id=a&x=1"
VALUES = {
    "link": LINK,
    "affiliate": 'Alice <b onclick="x">"Reyes',
    "program": "Maestro & Co",
    "disclosure": "I earn {link} if you buy.",
}


def taken(text):
    """A text as HTML and as plain lines, the way an affiliate gets it."""
    clean = swipes.clean(text)[0]
    return swipes.as_html(clean, VALUES), swipes.as_text(clean, VALUES)


# --- Placeholders -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", swipes.PLACEHOLDERS)
def test_each_placeholder_is_filled_in(name):
    as_html, as_text = taken(f"Look: {{{name}}}.")
    assert as_text == f"Look: {VALUES[name]}."
    assert html.escape(VALUES[name]) in as_html


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("lnik", "link"),
        ("Link", "link"),
        ("LINK", "link"),
        ("links", "link"),
        ("afiliate", "affiliate"),
        ("affilliate", "affiliate"),
        ("disclosures", "disclosure"),
        ("programm", "program"),
    ],
)
def test_a_misspelt_placeholder_is_refused_with_what_was_meant(slip, meant):
    for text in (f"Look: {{{slip}}}", f'<a href="{{{slip}}}">look</a>'):
        with pytest.raises(Refused) as caught:
            swipes.clean(text)
        assert caught.value.field == "text"
        said = f"There is no placeholder {{{slip}}}. Did you mean {{{meant}}}?"
        assert str(caught.value) == said


@pytest.mark.parametrize(
    "foreign", ["{first name}", "{{ contact.name }}", "{unsubscribe}", "{}", "{a\nlink}", "%NAME%"]
)
def test_what_is_for_the_senders_mail_program_stays(foreign):
    for text in (f"Hi {foreign}", f"<p>Hi {foreign}</p>"):
        clean = swipes.clean(text)[0]
        assert foreign in swipes.as_text(clean, VALUES)
        assert foreign in swipes.as_html(clean, VALUES).replace("<br>", "")


def test_what_is_filled_in_is_not_filled_in_again():
    assert "I earn {link} if you buy." in taken("{disclosure}")[1]


# --- Clean --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kept", "gone"),
    [
        ("<p>Hi<script>alert(1)</script></p>", "<p>Hi</p>", ["script"]),
        ("<p onclick='x()' style=color:red>Hi</p>", "<p>Hi</p>", ["onclick", "style"]),
        ('<a href="javascript:alert(1)">Hi</a>', "<a>Hi</a>", ["href"]),
        ('<a href=" JaVa\tScript:x">Hi</a>', "<a>Hi</a>", ["href"]),
        ('<a href="data:text/html,x">Hi</a>', "<a>Hi</a>", ["href"]),
        ("<style>p{color:red}</style><p>Hi</p>", "<p>Hi</p>", ["style"]),
        ("<p><img src=x onerror=y>Hi</p>", "<p>Hi</p>", ["img", "onerror", "src"]),
        ("<scr<script>ipt>x</script><b>Hi</b>", "ipt>x<b>Hi</b>", ["scr<script"]),
        ("<table><tr><td><b>Hi</b></table>", "<b>Hi</b>", ["table", "td", "tr"]),
        ("<!-- <img src=x> --><b>Hi</b>", "<b>Hi</b>", ["img", "src"]),
        ("<svg><a xlink:href=x><b>Hi</b></a></svg>", None, ["svg", "xlink:href"]),
        ('<a href="https://a.example/" target=_blank>Hi</a>', None, ["target"]),
    ],
)
def test_what_must_not_be_in_a_mail_is_taken_out_and_told(text, kept, gone):
    clean, told = swipes.clean(text)
    assert told == gone
    assert kept is None or clean.replace("&gt;", ">") == kept


@pytest.mark.parametrize(
    "text",
    [
        '<p>Hi <b>you</b>, <em>see</em><br><a href="{link}">this</a></p>',
        "<ul><li>One</li><li>Two</li></ul>",
        '<a href="mailto:a@b.example">write</a>',
    ],
)
def test_what_is_allowed_stays_as_it_was_written(text):
    assert swipes.clean(text) == (text, [])


@pytest.mark.parametrize(
    "text", ["5 < 6", "a < b and b > a", "x <y", "<3", "Tom & Jerry", "a <- b", "<>", "1 <! 2"]
)
def test_signs_in_plain_lines_are_no_html(text):
    assert swipes.clean(text) == (text, [])
    as_html, as_text = taken(text)
    assert as_text == text
    assert as_html == f"<p>{html.escape(text, quote=False)}</p>"


@pytest.mark.parametrize("text", ["<div>Fish &amp; chips</div>", "<h1>Fish & chips</h1>"])
def test_what_only_words_are_left_of_is_not_escaped_twice(text):
    assert taken(text) == ("<p>Fish &amp; chips</p>", "Fish & chips")


def test_a_tag_in_escapes_is_no_tag():
    as_html, as_text = taken("<div>&lt;script&gt;1&lt;/script&gt;</div>")
    assert as_html == "<p>&lt;script&gt;1&lt;/script&gt;</p>"
    assert as_text == "<script>1</script>"


def test_an_unclosed_tag_is_closed():
    assert taken("<p>One <b>two")[0] == "<p>One <b>two</b></p>"


def test_a_declaration_that_breaks_off_is_only_taken_out():
    for text in ("<![x <b>Hi</b>", "<!!![ <b>Hi</b>", "<!DOCTYPE <b>Hi</b>", "<?x <b>Hi</b>"):
        assert "<!" not in swipes.clean(text)[0]


# --- As HTML and as text ------------------------------------------------------------------------


def test_plain_lines_become_paragraphs_with_a_link_to_click():
    as_html, as_text = taken("Hi,\n\nlook:\n{link}\n\nYours")
    address = html.escape(LINK)
    anchor = f'<a href="{address}">{address}</a>'
    assert as_html == f"<p>Hi,</p>\n<p>look:<br>\n{anchor}</p>\n<p>Yours</p>"
    assert as_text == f"Hi,\n\nlook:\n{LINK}\n\nYours"


def test_the_ampersand_of_the_link_is_escaped_once():
    for text in ("{link}", '<p><a href="{link}">x</a></p>', "<p>{link}</p>"):
        as_html, as_text = taken(text)
        assert "sub_id=a&amp;x=1" in as_html
        assert "&amp;amp;" not in as_html
        assert "sub_id=a&x=1" in as_text


def test_the_text_of_html_has_its_links_beside_their_words():
    as_text = taken(
        "<p>Hi &amp; hello</p><ul><li>One</li><li>Two</li></ul>"
        '<p><a href="{link}"><b>Look</b></a>,<br>or {link} <a href="{link}">{link}</a></p>'
    )[1]
    assert as_text == f"Hi & hello\n\n- One\n- Two\n\nLook: {LINK},\nor {LINK} {LINK}"


ALLOWED = {(tag, None) for tag in swipes.TAGS} | {("a", "href")}


class Found(HTMLParser):
    """Every tag and attribute of an HTML text, and where its links lead."""

    def __init__(self, text):
        super().__init__()
        self.names, self.links = set(), []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.names |= {(tag, None), *((tag, name) for name, _ in attrs)}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_decl(self, decl):
        self.names.add(("!", decl))

    def handle_comment(self, data):
        self.names.add(("!--", data))

    unknown_decl = handle_pi = handle_decl


PIECES = (
    "< > </ <! <![ <!-- --> ]]> <? / ' \" = ` \\ \0 \n x 1 &lt; &#60; &amp; &quot; <script> "
    "<style> </script> <b <a <p> <img <svg> <math> <mtext> <table> <select> <template> "
    "<noscript> <iframe <textarea> <title> <xmp> <plaintext> <!DOCTYPE onclick=x style=x src=x "
    "href= href=' href=\" javascript: data: {link} {affiliate} {program} {disclosure} {x} "
    "https://a.example"
).split(" ")
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from([*PIECES, " ", "\n\n"]), max_size=16).map("".join),
)


@given(TEXTS)
def test_whatever_is_written_only_what_is_allowed_comes_out(text):
    try:
        clean = swipes.clean(text)[0]
    except Refused:
        clean = text  # never stored; even so nothing may come out of it
    swipes.as_text(clean, VALUES)
    for stored in (clean, text):
        found = Found(swipes.as_html(stored, VALUES))
        assert found.names <= ALLOWED
        for link in found.links:
            scheme = link.strip("\0\n\t ").lower().replace("\n", "").replace("\t", "")
            assert not scheme.startswith(("javascript:", "data:"))


# --- What an affiliate takes --------------------------------------------------------------------


@pytest.fixture
def alice(db, now):
    make_program(now)
    return make_affiliate("alice", now, password=None, **ADDRESS)


def swipe(affiliate, text="Hi,\n\n{link} ({disclosure})\n\n{affiliate}", subject="See {program}"):
    return material.swipe(Creative(subject=subject, text=text), LINK, affiliate, program.load())


def test_a_swipe_has_the_link_the_disclosure_and_the_lines_the_law_asks_for(alice):
    current = program.load()
    taken = swipe(alice)
    assert taken["subject"] == "See Maestro"
    assert f"{LINK} ({current.disclosure})" in taken["text"]
    for part in (taken["text"], html.unescape(taken["html"])):
        assert current.disclosure in part
        assert "1418 Alder Court, Portland, OR 97214" in part
        assert "Alice Reyes" in part
    assert f'<a href="{html.escape(LINK)}">' in taken["html"]


def test_without_an_address_its_place_is_kept_for_the_sender(db, now):
    make_program(now)
    taken = swipe(make_affiliate("bob", now, password=None))
    assert "{your postal address}" in taken["text"]
    assert "{your postal address}" in taken["html"]


def test_a_footer_with_tags_is_cleaned_and_a_slip_in_it_stops_nothing(alice, now):
    foot = "<p onclick=x>From {your name}<script>1</script> {links}</p>"
    program.change("mail_footer", foot, by="test", now=now)
    taken = swipe(alice)
    assert taken["html"].endswith("<p>From Alice Reyes {links}</p>")
    assert taken["text"].endswith("From Alice Reyes {links}")
