"""Swipe e-mails and text links: what an admin wrote, made clean, with an affiliate's own link.

A text is plain lines, or HTML with links, lists, bold and italics. Placeholders in braces are
filled in; those that we do not know stay for the sender's own mail program. Pure.
"""

import difflib
import html
import re
from collections.abc import Mapping
from html.parser import HTMLParser

import nh3

from portal.rules import Refused

PLACEHOLDERS = {
    "link": "the affiliate's own link",
    "affiliate": "the affiliate's name",
    "program": "the name of the program",
    "disclosure": "the sentence from the settings",
}
TAGS = {"a", "b", "br", "em", "i", "li", "ol", "p", "strong", "ul"}
SCHEMES = {"http", "https", "mailto"}
_PLACEHOLDER = re.compile(r"\{([^{}\n]{1,40})\}")
_TAG = re.compile(r"<(/?[a-zA-Z]|!--)[^<>]*>")
_PARAGRAPH = re.compile(r"\n\s*\n")


def is_html(text: str) -> bool:
    """Whether a text is HTML; a lone < in plain lines is none."""
    return _TAG.search(text) is not None


def check_placeholders(text: str, field: str) -> None:
    """Refuse a placeholder that is none of ours and looks like one, at a field of the form."""
    for name in _PLACEHOLDER.findall(text):
        near = difflib.get_close_matches(name.lower(), PLACEHOLDERS, 1, 0.75)
        if name not in PLACEHOLDERS and near:
            said = f"There is no placeholder {{{name}}}. Did you mean {{{near[0]}}}?"
            raise Refused(said, field)


def clean(text: str) -> tuple[str, list[str]]:
    """A text without what must not be in it, and the names of what was taken out.

    Raises Refused for a placeholder that is none of ours and looks like one.
    """
    check_placeholders(text, "text")
    if not is_html(text):
        return text, []
    seen = _Seen()
    seen.feed(re.sub("<!+", "<", text))  # its parser stops at a broken declaration
    return _kept(text), sorted(seen.foreign)


def _kept(text: str) -> str:
    """HTML without all that is not allowed; still HTML where nothing but words is left."""
    attributes = {"a": {"href"}}
    kept = nh3.clean(text, TAGS, attributes=attributes, url_schemes=SCHEMES, link_rel=None)
    return kept if is_html(kept) else f"<p>{kept}</p>"


class _Seen(HTMLParser):
    """Names of the tags and handlers of a text that are not kept."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.foreign |= {tag} - TAGS
        for name, value in attrs:
            scheme, colon, _ = "".join((value or "").lower().split()).partition(":")
            foreign = colon and scheme.isalpha() and scheme not in SCHEMES
            if name != "href" or foreign:
                self.foreign.add(name)


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text with its placeholders filled in, those that have a value."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def as_html(text: str, values: Mapping[str, str]) -> str:
    """A text as clean HTML; the link of plain lines can be clicked."""
    safe = {name: html.escape(value) for name, value in values.items()}
    if is_html(text):
        return fill(_kept(text), safe)
    link = f'<a href="{safe["link"]}">{safe["link"]}</a>' if "link" in safe else ""
    paragraphs = _PARAGRAPH.split(html.escape(text, quote=False).strip())
    lines = "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs).replace("\n", "<br>\n")
    return fill(lines.replace("</p><br>", "</p>"), safe | {"link": link})


def as_text(text: str, values: Mapping[str, str]) -> str:
    """A text as clean plain lines; links of HTML stand behind their words."""
    if not is_html(text):
        return fill(text, values)
    plain = re.sub(r'<a href="([^"]*)">(.*?)</a>', _beside, _kept(text), flags=re.DOTALL)
    plain = re.sub(r"\s*<li>\s*", "\n- ", plain)
    plain = re.sub(r"\s*<br>\s*", "\n", plain)
    plain = re.sub(r"\s*</?(p|ul|ol)>\s*", "\n\n", plain)
    plain = html.unescape(re.sub(r"<[^>]+>", "", plain))
    return fill(_PARAGRAPH.sub("\n\n", plain).strip(), values)


def _beside(found: re.Match[str]) -> str:
    address, words = found[1], found[2]
    return address if address == words else f"{words}: {address}"
