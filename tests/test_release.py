"""What is written about the release agrees with the package."""

import re
from pathlib import Path

import sklearn_anime

ROOT = Path(__file__).parents[1]


def test_the_citation_is_of_this_version():
    text = (ROOT / "CITATION.cff").read_text("utf-8")
    assert re.search(r"^version: (.+)$", text, flags=re.M)[1] == sklearn_anime.__version__


def test_the_changelog_begins_with_this_version():
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(r"^## (\S+)", text, flags=re.M)[1] == sklearn_anime.__version__
