"""The page "Your own data" runs from top to bottom on tables that it does not know."""

import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

PAGE = Path(__file__).parents[1] / "docs" / "user_guide" / "own_data.rst"
MISTAKES = [  # what the blocks of the last section warn of, in their order
    "Column 'rating' of X holds the ratings",
    "The rows of each user are sorted by item",
    "they are text",
    "users have no history",
    "min_items=20 tests",
]


def blocks():
    """Return the code of each block of the page."""
    found = re.findall(r"\.\. code-block:: python\n\n((?:   .*\n|\n)+)", PAGE.read_text("utf-8"))
    return [re.sub(r"^   ", "", block, flags=re.M) for block in found]


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A folder with loans of books: text ids, two tastes, most users with few loans."""
    random_state = np.random.RandomState(0)
    books = [f"978-{number}" for number in range(40)]
    rows = []
    for user in range(90):
        n_loans = random_state.randint(4, 10) if user else 20
        taste = random_state.permutation(20)[:n_loans]
        rows += [(f"reader {user}", books[20 * (user % 2) + book]) for book in taste]
    loans = pd.DataFrame(rows, columns=["user", "item"])
    loans["rating"] = random_state.randint(1, 6, len(loans))
    loans["timestamp"] = 1_700_000_000 + random_state.randint(0, 10**7, len(loans))
    genres = ["Crime|Thriller"] * 20 + ["Poetry"] * 20
    catalog = pd.DataFrame({"item": books, "name": [f"Book {book}" for book in books], "genres": genres})
    loans.to_csv(tmp_path / "ratings.csv", index=False)
    catalog.to_csv(tmp_path / "items.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_runs_on_other_tables(library):
    pytest.importorskip("skops")
    code, mistakes = blocks()[: -len(MISTAKES)], blocks()[-len(MISTAKES) :]
    variables = {}
    for block in code:
        exec(compile(block, str(PAGE), "exec"), variables)
    assert len(variables["recommended"]) == 90 * 10
    assert (library / "model.skops").is_file()
    for block, expected in zip(mistakes, MISTAKES, strict=True):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            exec(compile(block, str(PAGE), "exec"), variables)
        assert any(expected in str(warning.message) for warning in caught), expected
