"""Ids in JSON and in addresses, and the ids of a model that they stand for."""

from datetime import date
from functools import cached_property
from itertools import count, islice

NUMBERS = {"integer", "floating", "mixed-integer-float"}
TEXT = {"string", "mixed-integer"}  # beside numbers or alone
LARGEST_EXACT = 2**53  # browsers read larger numbers of JSON as floats, in which ids become equal


class JsonIds:
    """The ids of a vocabulary as they are written in JSON: as numbers or as text.

    Parameters
    ----------
    vocabulary : Vocabulary
        The users or the items of ``fit``.

    Examples
    --------
    >>> from sklearn_anime.interactions import Vocabulary
    >>> ids = JsonIds(Vocabulary.from_series([5, 7])[0])
    >>> ids.find("7"), ids.find(7.0), ids.find("?")
    (7, 7, None)
    """

    def __init__(self, vocabulary):
        self.vocabulary = vocabulary
        self._index = vocabulary.index
        self._has_numbers = self._index.inferred_type in NUMBERS
        self._is_plain = self._has_numbers or self._index.inferred_type in TEXT

    def find(self, value):
        """Return the id that a JSON value or a part of an address means; None if there is none."""
        if not self._is_plain:
            return self._of_text.get(str(value))
        if not isinstance(value, float) and value in self._index:
            return value
        return next((form for form in _forms(value) if form in self._index), None)

    def unused(self, n):
        """Return ids of the same type that stand for nobody in the vocabulary.

        Examples
        --------
        >>> from sklearn_anime.interactions import Vocabulary
        >>> JsonIds(Vocabulary.from_series(["ann", "new user 0"])[0]).unused(2)
        ['new user 1', 'new user 2']
        """
        made = (-1 - i if self._has_numbers else f"new user {i}" for i in count())
        return list(islice((each for each in made if each not in self._index), n))

    @cached_property
    def _of_text(self):
        """Ids that are neither numbers nor text, such as dates, by how they are written."""
        return {str(json_id(each)): each for each in self.vocabulary.ids.to_list()}


def json_id(value):
    """Return an id as a JSON value: a number that is exact everywhere, or text.

    Examples
    --------
    >>> json_id(7), json_id("a/b"), json_id(2**60), json_id((1, 2))
    (7, 'a/b', '1152921504606846976', '(1, 2)')
    """
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < LARGEST_EXACT:
        return value
    return str(value)


def _forms(value):
    """Yield what else an id may be in Python: a number for text, text for a number."""
    if isinstance(value, str):
        yield from _numbers(value)
        return
    if isinstance(value, float):
        value = int(value) if value.is_integer() else value
        yield value
    yield str(value)


def _numbers(text):
    """Yield the numbers that a text may stand for."""
    for number in (int, float):
        try:
            yield number(text)
        except ValueError:
            continue
