"""Draw synthetic ratings of any size, with the truth that they were drawn from."""

from numbers import Integral, Real

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.utils import Bunch, check_random_state, gen_batches

from sklearn_anime.utils._sklearn import Interval, validate_params

MEAN_RATING = 7.0
BIAS_SCALE = 0.7
TASTE_SCALE = 0.8
MAX_GENRES_PER_ITEM = 4
BATCH = 1_000_000
MAX_SPARSE_DENSITY = 0.05


@validate_params(
    {
        "n_users": [Interval(Integral, 1, None, closed="left")],
        "n_items": [Interval(Integral, 1, None, closed="left")],
        "n_ratings": [Interval(Integral, 1, None, closed="left")],
        "n_genres": [Interval(Integral, 1, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "unrated": [Interval(Real, 0, 1, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_ratings(
    n_users: int = 1000,
    n_items: int = 500,
    n_ratings: int = 50_000,
    *,
    n_genres: int = 12,
    noise: float = 0.8,
    unrated: float = 0.0,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    r"""Draw a table of ratings with known biases and factors.

    Parameters
    ----------
    n_users : int, default=1000
        Number of users; their ids are 0 to `n_users - 1`.

    n_items : int, default=500
        Number of items; their ids are 0 to `n_items - 1`.

    n_ratings : int, default=50000
        Number of rows, each of another pair of user and item.

    n_genres : int, default=12
        Number of genres, which is the number of factors.

    noise : float, default=0.8
        Standard deviation of the noise, in rating points.

    unrated : float, default=0.0
        Chance of a row to have no rating: its target is NaN. 0 <= `unrated` < 1.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same table in every call.

    Returns
    -------
    Bunch
        Dictionary-like object, with the following attributes.

        data : DataFrame of shape (n_ratings, 2)
            The columns `user_id` and `item_id`, sorted by both. A user or an item may have no row.
        target : Series of shape (n_ratings,)
            The column `rating`: whole numbers 1 to 10, as float, or NaN.
        catalog : DataFrame of shape (n_items, 1)
            The items, indexed by `item_id`, with the column `genre`: one to four genres as
            text, the most telling first.
        expected : ndarray of shape (n_ratings,)
            The rating of each row before noise, rounding and clipping.
        mean : float
            Part of every rating.
        user_bias : ndarray of shape (n_users,)
            Bias of each user, at the position of the user's id.
        item_bias : ndarray of shape (n_items,)
            Bias of each item, at the position of the item's id.
        user_factors : ndarray of shape (n_users, n_genres)
            How much each user likes each genre.
        item_factors : ndarray of shape (n_items, n_genres)
            How much of each genre is in each item.

    See Also
    --------
    load_anime_sample : Real anime and simulated users.

    Notes
    -----
    A rating of item :math:`i` by user :math:`u` is

    .. math:: y = \mu + b_u + b_i + p_u^T q_i + \epsilon

    rounded and clipped to 1 ... 10. The pairs are drawn without replacement. The chance of a pair
    is the product of a power of the user's rank, a power of the item's rank, and a share that
    grows from 0 to 1 with :math:`p_u^T q_i`: users watch what they like, so that the pairs alone
    tell about tastes.

    Examples
    --------
    >>> from sklearn_anime.datasets import make_ratings
    >>> ratings = make_ratings(n_users=50, n_items=20, n_ratings=300, random_state=0)
    >>> ratings.data.shape, ratings.user_factors.shape
    ((300, 2), (50, 12))
    >>> ratings.catalog.columns.tolist()
    ['genre']
    """
    _check_room(n_users, n_items, n_ratings)
    random_state = check_random_state(random_state)
    truth = _draw_truth(random_state, n_users, n_items, n_genres)
    users, items = _draw_pairs(random_state, truth, n_ratings)
    expected = _expect(truth, users, items)
    rating = np.clip(np.rint(expected + noise * random_state.standard_normal(n_ratings)), 1, 10)
    if unrated:
        rating[random_state.uniform(size=n_ratings) < unrated] = np.nan
    return Bunch(
        data=pd.DataFrame({"user_id": users, "item_id": items}),
        target=pd.Series(rating, name="rating"),
        catalog=_make_catalog(truth.item_factors),
        expected=expected,
        **truth,
    )


def _check_room(n_users, n_items, n_ratings):
    n_pairs = int(n_users) * int(n_items)
    if n_ratings > n_pairs:
        raise ValueError(
            f"n_ratings={n_ratings} is more than the {n_pairs} different pairs of "
            f"n_users={n_users} and n_items={n_items}. Lower n_ratings, or raise the others."
        )


def _draw_truth(random_state, n_users, n_items, n_genres):
    return Bunch(
        mean=MEAN_RATING,
        user_bias=random_state.normal(0, BIAS_SCALE, n_users),
        item_bias=random_state.normal(0, BIAS_SCALE, n_items),
        user_factors=random_state.normal(0, TASTE_SCALE, (n_users, n_genres)),
        item_factors=_draw_genres(random_state, n_items, n_genres),
    )


def _draw_genres(random_state, n_items, n_genres):
    """Draw one to four genres an item, frequent genres more often; the first weighs 1."""
    most = min(MAX_GENRES_PER_ITEM, n_genres)
    frequency = -np.log(np.arange(1, n_genres + 1))
    order = np.argsort(-(frequency + random_state.gumbel(size=(n_items, n_genres))), axis=1)
    counts = random_state.randint(1, most + 1, n_items)
    ranks = np.arange(most)
    weights = np.where(ranks < counts[:, np.newaxis], 1 - ranks / most, 0.0)
    factors = np.zeros((n_items, n_genres))
    np.put_along_axis(factors, order[:, :most], weights, axis=1)
    return factors


def _make_catalog(item_factors):
    order = np.argsort(-item_factors, axis=1, kind="stable")
    counts = np.count_nonzero(item_factors, axis=1)
    genres = [
        ", ".join(f"genre{number}" for number in row[:count])
        for row, count in zip(order[:, :MAX_GENRES_PER_ITEM].tolist(), counts, strict=True)
    ]
    index = pd.RangeIndex(len(genres), name="item_id")
    return pd.DataFrame({"genre": genres}, index=index)


def _draw_pairs(random_state, truth, n_ratings):
    """Draw distinct pairs, sorted; both ways sample without replacement."""
    activity = _draw_power_law(random_state, len(truth.user_bias), exponent=0.9, flat=0.02)
    popularity = _draw_power_law(random_state, len(truth.item_bias), exponent=1.1, flat=0.02)
    dense = n_ratings > MAX_SPARSE_DENSITY * len(activity) * len(popularity)
    draw_cells = _draw_cells_dense if dense else _draw_cells_sparse
    cells = draw_cells(random_state, truth, activity, popularity, n_ratings)
    return np.divmod(cells, len(popularity))


def _draw_power_law(random_state, n, exponent, flat):
    """Draw weights that fall with the rank in random order, flat for the first ranks."""
    weights = (np.arange(n) + 1 + flat * n) ** -exponent
    return random_state.permutation(weights / weights.sum())


def _draw_cells_dense(random_state, truth, activity, popularity, n_ratings):
    """Draw the cells whose log chances plus Gumbel noise are largest."""
    keys, cells = np.empty(0), np.empty(0, dtype=np.int64)
    for block in gen_batches(len(activity), max(BATCH // len(popularity), 1)):
        share = expit(truth.user_factors[block] @ truth.item_factors.T)
        chances = share * activity[block, np.newaxis] * popularity
        new = np.log(chances).ravel() + random_state.gumbel(size=chances.size)
        first = block.start * len(popularity)
        keys = np.concatenate([keys, new])
        cells = np.concatenate([cells, np.arange(first, first + len(new))])
        if len(keys) > n_ratings:
            largest = np.argpartition(-keys, n_ratings - 1)[:n_ratings]
            keys, cells = keys[largest], cells[largest]
    return np.sort(cells)


def _draw_cells_sparse(random_state, truth, activity, popularity, n_ratings):
    """Draw cells until there are enough different ones."""
    bounds = np.cumsum(activity), np.cumsum(popularity)
    cells = np.empty(0, dtype=np.int64)
    while len(cells) < n_ratings:
        sizes = _batch_sizes(2 * (n_ratings - len(cells)) + 1000)
        drawn = [_draw_batch(random_state, truth, bounds, size) for size in sizes]
        cells = _sort_distinct(np.concatenate([cells, *drawn]))
    surplus = random_state.choice(len(cells), len(cells) - n_ratings, replace=False)
    return np.delete(cells, surplus)


def _batch_sizes(total):
    return [part.stop - part.start for part in gen_batches(total, BATCH)]


def _sort_distinct(cells):
    """Sort, each value once; several times faster than np.unique, which hashes integers."""
    cells.sort()
    return cells[np.append(True, cells[1:] != cells[:-1])]


def _draw_batch(random_state, truth, bounds, size):
    users, items = (_draw_from(random_state, bound, size) for bound in bounds)
    share = expit(_match(truth, users, items))
    watched = random_state.uniform(size=size) < share
    return users[watched] * len(bounds[1]) + items[watched]


def _draw_from(random_state, bound, size):
    return np.searchsorted(bound, random_state.uniform(0, bound[-1], size), side="right")


def _match(truth, users, items):
    return np.einsum("rf,rf->r", truth.user_factors[users], truth.item_factors[items])


def _expect(truth, users, items):
    expected = truth.mean + truth.user_bias[users] + truth.item_bias[items]
    for part in gen_batches(len(users), BATCH):
        expected[part] += _match(truth, users[part], items[part])
    return expected
