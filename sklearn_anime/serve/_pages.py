"""The pages: self-contained files of HTML, and the policy that keeps foreign scripts out of them."""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

from fastapi.responses import HTMLResponse


def page(name):
    """Return a page as a response."""
    text = _read(name)
    return HTMLResponse(text, headers={"Content-Security-Policy": content_policy(text)})


@cache
def content_policy(text):
    """Return the policy for a page: its own script and style, and requests to its own host.

    Examples
    --------
    >>> content_policy("<style>p {}</style>").split("; ")[1]
    "style-src 'sha256-SNJDlN1Iy2mnt7DOjQIyDb2LQE6O5PQiSZomcdzawQ4='"
    """
    hashes = {f"{tag}-src": _hashes(text, tag) for tag in ("style", "script")}
    rules = {
        "default-src": "'none'",
        **{name: value for name, value in hashes.items() if value},
        "connect-src": "'self'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _hashes(text, tag):
    """Return the digests of the elements of a page, by which a browser knows them."""
    contents = re.findall(rf"<{tag}>(.*?)</{tag}>", text, flags=re.DOTALL)
    digests = (hashlib.sha256(each.encode()).digest() for each in contents)
    return " ".join(f"'sha256-{base64.b64encode(each).decode()}'" for each in digests)


@cache
def _read(name):
    return files("sklearn_anime.serve").joinpath("page", name).read_text(encoding="utf-8")
