"""Pages as a reader sees them."""

import re


def steady(answer):
    """The page without its form's token, which is another one each second."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)
