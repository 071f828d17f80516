"""The model that is served, and what takes its place when its file changes."""

import logging
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from sklearn.base import is_regressor
from sklearn.utils.validation import check_is_fitted

from sklearn_anime.io import load
from sklearn_anime.serve._catalog import Catalog
from sklearn_anime.serve._ids import JsonIds
from sklearn_anime.serve._times import Clock
from sklearn_anime.utils._pipelines import find_recommender

LARGEST_BATCH = 64  # requests that are scored at once
logger = logging.getLogger("sklearn_anime.serve")


@dataclass(frozen=True)
class Served:
    """A recommender and what answers need besides: ids, the catalog, the clock.

    Attributes
    ----------
    recommender : estimator
        The fitted recommender.

    catalog : Catalog
        Names and genres of its items.

    users, items : JsonIds
        Its ids.

    clock : Clock or None
        Reads the times of histories; None where ``fit`` had no ``time=``.

    new_users : list
        Ids that stand for users with a posted history while they are scored.

    since : datetime
        When the model was loaded.
    """

    recommender: Any
    catalog: Catalog
    users: JsonIds
    items: JsonIds
    clock: Clock | None
    new_users: list
    since: datetime

    @classmethod
    def of(cls, model, catalog=None, names=None, genres=None):
        """Collect what is served of a model."""
        recommender = find_recommender(model)
        check_is_fitted(recommender)
        interactions = recommender.interactions_
        users = JsonIds(interactions.users)
        return cls(
            recommender=recommender,
            catalog=Catalog(interactions, catalog, names, genres),
            users=users,
            items=JsonIds(interactions.items),
            clock=None if interactions.times is None else Clock.of(interactions),
            new_users=users.unused(LARGEST_BATCH),
            since=datetime.now(UTC),
        )

    @property
    def explains(self):
        """Whether the model can say what a score is made of."""
        return hasattr(self.recommender, "explain")

    @cached_property
    def rating_scale(self):
        """The least and the largest rating of ``fit``, where the model looks at ratings, else None."""
        interactions = self.recommender.interactions_
        threshold = getattr(self.recommender, "min_rating", None)
        if not interactions.rated.any() or not (is_regressor(self.recommender) or threshold is not None):
            return None
        return tuple(map(float, interactions.rating_range))


class ModelSlot:
    """Holds the model that is served; `reload` replaces it with what its file holds now.

    Parameters
    ----------
    model : estimator or str
        A fitted model, or the path of its file.

    catalog : DataFrame, str or None
        The catalog, or the path of its file.

    names, genres : str or None
        Columns of the catalog.

    Attributes
    ----------
    served : Served
        What answers requests. It is replaced as a whole: who has begun with one ends with it.

    error : str or None
        Why the files that are there now are not served.

    Examples
    --------
    >>> from sklearn_anime.baseline import PopularityRecommender
    >>> slot = ModelSlot(PopularityRecommender().fit([["ann", "Akira"]]))
    >>> slot.served.items.find("Akira"), slot.changed()
    ('Akira', False)
    """

    def __init__(self, model, catalog=None, *, names=None, genres=None):
        self._sources = model, catalog
        self._columns = names, genres
        self._files = [source for source in self._sources if isinstance(source, str)]
        self._signature = self._sign()
        self.error = None
        self.served = self._load()

    @property
    def has_files(self):
        """Whether anything can change."""
        return bool(self._files)

    def changed(self):
        """Return whether a file is another one than when it was last read."""
        return self._sign() != self._signature

    def reload(self):
        """Serve what the files hold now, or keep the old model and say why; return whether it is new."""
        self._signature = self._sign()
        try:
            self.served = self._load()
        except Exception as error:  # whatever is wrong with a file, the old model goes on
            self.error = f"{type(error).__name__}: {error}"
            logger.exception("The new model cannot be served. The old one goes on.")
            return False
        self.error = None
        logger.info("Serving a new %s.", type(self.served.recommender).__name__)
        return True

    def _load(self):
        model, catalog = self._sources
        model = load(model) if isinstance(model, str) else model
        return Served.of(model, catalog, *self._columns)

    def _sign(self):
        return [_signature(path) for path in self._files]


def _signature(path):
    """Return what changes when a file is replaced or written to; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
