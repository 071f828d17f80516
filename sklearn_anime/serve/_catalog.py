"""What is known of the items of a model: names, genres, and a search in the names."""

import html
import re
import unicodedata
from functools import cached_property

import narwhals as nw
import numpy as np
import pandas as pd

from sklearn_anime.inspection._catalog import is_missing, read_column_of
from sklearn_anime.serve._ids import JsonIds

NAMES = ("name", "title", "item_name", "product", "label")
GENRES = ("genre", "genres", "category", "categories", "tags")
SEPARATOR = re.compile(r"\s*[,|;]\s*|\s+/\s+")


class Catalog:
    """Names and genres of the items of a model, in the order of their codes.

    Parameters
    ----------
    interactions : Interactions
        The table of ``fit``.

    source : DataFrame, str or None
        The catalog, or the path of a CSV file whose first column has the ids.

    names, genres : str or None
        Columns; None finds them.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_anime.interactions import Interactions
    >>> X = [["ann", 5], ["ann", 6], ["bob", 6]]
    >>> interactions = Interactions.from_rows(X, needs_ratings=False)
    >>> titles = pd.DataFrame({"title": ["Akira", "Pokémon"]}, index=[5, 6])
    >>> Catalog(interactions, titles).search("poke", 3)
    [6]
    """

    def __init__(self, interactions, source=None, names=None, genres=None):
        items = interactions.items
        frame = read_catalog(source, JsonIds(items)) if isinstance(source, str) else source
        ids = items.ids.to_list()
        name_cells = _cells(frame, names, NAMES, items)
        genre_cells = _cells(frame, genres, GENRES, items)
        self._ids = ids
        self._names = [
            str(id_) if is_missing(cell) else str(cell)
            for id_, cell in zip(ids, name_cells, strict=True)
        ]
        self._genres = list(map(split_genres, genre_cells))
        self._codes = {id_: code for code, id_ in enumerate(ids)}
        self._by_popularity = np.argsort(-interactions.item_counts, kind="stable").tolist()

    def name(self, item):
        """Return the name of an item of the model, or its id where it has none."""
        return self._names[self._codes[item]]

    def genres(self, item):
        """Return the genres of an item of the model."""
        return self._genres[self._codes[item]]

    def search(self, text, limit):
        """Return ids of items whose name has a text, case and accents apart.

        Names that begin with it come first, then those in which a word does, each by popularity. No
        text: the most popular items.
        """
        wanted = folded(text)
        found = ([], [], [])
        for code in self._by_popularity:
            place = match(self._folded[code], wanted)
            if place is not None:
                found[place].append(self._ids[code])
                if len(found[0]) == limit:
                    break
        return [id_ for group in found for id_ in group][:limit]

    @cached_property
    def _folded(self):
        return list(map(folded, self._names))


def read_catalog(path, ids):
    """Read a CSV file whose first column has the ids; rows of ids that the model lacks are left out."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, index_col=0)
    known = [ids.find(text) for text in frame.index]
    kept = [id_ is not None for id_ in known]
    if not any(kept):
        raise ValueError(
            f"The first column of {path} has none of the {len(ids.vocabulary)} items of the model, such "
            f"as {ids.vocabulary.example!r}. Put the ids there."
        )
    frame = frame[kept].map(html.unescape)
    frame.index = pd.Index([id_ for id_ in known if id_ is not None], tupleize_cols=False)
    return frame[~frame.index.duplicated(keep="last")]


def split_genres(cell):
    """Return the genres of a cell: text with separators, or a list.

    Examples
    --------
    >>> split_genres("Action, Drama"), split_genres("Action|Drama"), split_genres(None)
    (['Action', 'Drama'], ['Action', 'Drama'], [])
    >>> split_genres("Hack/Slash / Drama")
    ['Hack/Slash', 'Drama']
    """
    if isinstance(cell, (list, tuple, np.ndarray)):
        return [str(each) for each in cell if not is_missing(each)]
    if is_missing(cell):
        return []
    return [each for each in SEPARATOR.split(str(cell).strip()) if each]


def folded(text):
    """Return text without case and accents.

    Examples
    --------
    >>> folded("Pokémon")
    'pokemon'
    """
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each))


def match(name, wanted):
    """Return 0 where a name begins with a text, 1 where a word does, 2 where it holds it, else None."""
    at = name.find(wanted)
    if at <= 0:
        return None if at else 0
    return 1 if re.search(rf"\b{re.escape(wanted)}", name) else 2


def _cells(frame, column, usual, items):
    """Return a column in the order of the items; None for each where there is no such column."""
    if frame is not None and column is None:
        names = nw.from_native(frame, eager_only=True).columns
        lower = {str(name).lower(): name for name in reversed(names)}
        column = next((lower[name] for name in usual if name in lower), None)
    if frame is None or column is None:
        return [None] * len(items)
    return read_column_of(frame, column, items)
