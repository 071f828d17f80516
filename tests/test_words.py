"""The project writes in the words of its field, in American spelling."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("sklearn_anime", "docs", "examples", "tests", "benchmarks", "tools")
PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")
SUFFIXES = (".py", ".rst", ".md", ".svg", ".html", ".css", ".js")
BUILT = ("_build", "generated", "backreferences", "auto_examples", "leaderboard_files", "__pycache__")
# Words that stand for a term of the field, and the term.
BANNED = {
    "people": "users",
    "neighbours?": "neighbor",
    "lend(s|ing|ers?)?|lent": "contribute",
    "borrowers?": "user or item",
    "occasions?": "item or user",
    "strangers?|newcomers?": "new user, unknown user, cold start",
    "lessons?": "training rows, batch",
    "judged": "relevant items, hits",
    "catalogues?": "catalog",
}


@cache
def lines():
    """Return the place and the text of each line that is written by hand, but for this file."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.*")]
    files += [path for path in map(ROOT.joinpath, PAGES) if path.is_file()]
    return [
        (f"{path.relative_to(ROOT)}:{number}", line.strip())
        for path in files
        if path.suffix in SUFFIXES and path != Path(__file__) and not set(BUILT) & set(path.parts)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    ]


@pytest.mark.parametrize("word", BANNED)
def test_a_word_of_the_field_is_written_instead_of(word):
    pattern = re.compile(rf"(?<![a-z])({word})(?![a-z])", re.IGNORECASE)
    found = [f"{place}: {line[:80]}" for place, line in lines() if pattern.search(line)]
    assert found == [], f"write {BANNED[word]!r}"
