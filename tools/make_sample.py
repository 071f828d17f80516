"""Make the files of the sample data set: `python tools/make_sample.py`.

The titles are written by hand in `sample_titles.py`; the viewers are simulated, one title after the
other. Everything after the random draws is integer arithmetic, and `RandomState` has frozen streams, so
that the files come out the same, byte for byte, on every machine. A unit is a thousandth of a rating
point.
"""

import gzip
import html
import io
from pathlib import Path

import numpy as np
import pandas as pd
from sample_titles import Title, parse_titles

DATA = Path(__file__).parents[1] / "sklearn_anime" / "datasets" / "data"
SEED = 2016
N_VIEWERS = 500
UNIT = 1000
MEAN_RATING = 7050

# What the viewers of one kind like (+) and dislike (-), in tenths of a rating point.
ARCHETYPES = (
    {"Shounen": 9, "Super Power": 10, "Martial Arts": 11, "Action": 6, "Romance": -7},
    {"Romance": 12, "Drama": 6, "School": 4, "Shoujo": 7, "Mecha": -9, "Horror": -7},
    {"Mecha": 13, "Space": 10, "Military": 7, "Sci-Fi": 6, "Shoujo": -6, "Sports": -5},
    {"Psychological": 12, "Thriller": 10, "Mystery": 9, "Horror": 5, "Kids": -9, "Ecchi": -7},
    {"Slice of Life": 12, "Music": 9, "Comedy": 5, "School": 6, "Horror": -9, "Action": -6},
    {"Fantasy": 9, "Adventure": 9, "Kids": 5, "Magic": 5, "Ecchi": -11, "Harem": -9},
    {"Sports": 15, "Shounen": 5, "School": 5, "Cars": 9, "Dementia": -8, "Magic": -5},
    {"Harem": 12, "Ecchi": 12, "Romance": 4, "Game": 7, "Historical": -6, "Kids": -6},
    {"Magic": 11, "Shoujo": 10, "Fantasy": 5, "Josei": 6, "Military": -7, "Ecchi": -8},
    {"Seinen": 10, "Samurai": 9, "Vampire": 8, "Horror": 8, "Action": 6, "School": -8},
    {"Comedy": 10, "Parody": 12, "Samurai": 5, "Slice of Life": 3, "Drama": -7},
    {"Supernatural": 9, "Historical": 8, "Mystery": 6, "Demons": 6, "Sports": -7, "Mecha": -6},
)
# What a title that was watched adds to the wish for others: its sequel, right after it and later on, the
# titles beside it, and those that it makes less of.
SEQUEL, BINGE, BESIDE, INSTEAD = 3500, 2500, 1500, -1900
N_BESIDE, N_INSTEAD = 4, 8  # titles of these kinds that each title picks
EARLY = 2000  # what a sequel is wished less before the title that it follows
SEASON = 25  # percent of a taste that its season adds to the wish
CHANCE, WHIM = 1700, 250  # scales of what a viewer wishes by chance: for good, and at the moment
HOURS_OF_SEASON = 91 * 24
UNRATED_SHARES = (0, 2, 5, 10, 15, 20, 35, 60)  # how many titles viewers leave unrated, percent


def make_catalog(titles: list[Title]) -> pd.DataFrame:
    """Make the catalog, in the form of the Kaggle file.

    Parameters
    ----------
    titles : list of Title
        The titles; their ids are 1, 2, ... in this order.

    Returns
    -------
    DataFrame
        Columns anime_id, name (HTML-escaped), genre, type, episodes, rating, members.

    Examples
    --------
    >>> make_catalog(parse_titles()[:1])[["anime_id", "name", "episodes"]]
       anime_id         name episodes
    0         1  Dragon Ball      153
    """
    table = pd.DataFrame(titles).drop(columns="franchise")
    table.insert(0, "anime_id", np.arange(1, len(table) + 1))
    table["name"] = [html.escape(name).replace("&#x27;", "&#039;") for name in table["name"]]
    odd = np.random.RandomState(SEED).randint(-500, 500, len(table))
    table["members"] = UNIT * table["members"] + odd
    return table.rename(columns={"site_rating": "rating"})


def simulate_ratings(titles: list[Title], n_viewers: int = N_VIEWERS) -> pd.DataFrame:
    """Simulate which titles viewers watch, and how they rate them.

    Parameters
    ----------
    titles : list of Title
        The titles.

    n_viewers : int, default=500
        Number of viewers.

    Returns
    -------
    DataFrame
        Columns user_id, anime_id, rating (-1: watched, not rated) and hour (since the beginning of
        2017), sorted by both ids.

    Examples
    --------
    >>> simulate_ratings(parse_titles(), n_viewers=3).columns.tolist()
    ['user_id', 'anime_id', 'rating', 'hour']
    """
    random_state = np.random.RandomState(SEED)
    both = _draw_genre_tastes(random_state, n_viewers, titles)
    tastes = both.sum(axis=0)
    fandoms = _draw_fandoms(random_state, n_viewers, titles)
    wish = _draw_wish(random_state, tastes, titles)
    hours = _watch(random_state, wish, both, _draw_links(random_state, titles), _sequels(titles))
    ratings = _draw_ratings(random_state, 3 * (tastes + fandoms) // 4, titles)
    unrated = _draw_unrated(random_state, ratings.shape)
    viewers, items = np.nonzero(hours >= 0)
    values = np.where(unrated, -1, ratings)[viewers, items]
    columns = {"user_id": viewers + 1, "anime_id": items + 1, "rating": values}
    return pd.DataFrame(columns | {"hour": hours[viewers, items]})


def _draw_integers(random_state, scale, size):
    return np.rint(random_state.normal(0, scale, size)).astype(np.int64)


def _draw_genre_tastes(random_state, n_viewers, titles):
    """Draw how much each viewer likes each title for its genres, by the main and the second taste."""
    genres = _genres(titles)
    kinds = np.array([[kind.get(genre, 0) for genre in genres] for kind in ARCHETYPES])
    main, second = random_state.randint(len(kinds), size=(2, n_viewers))
    odd = _draw_integers(random_state, 120, (n_viewers, len(genres)))
    likes = np.stack([190 * kinds[main] + odd, 80 * kinds[second]])
    tastes = likes @ _genre_weights(genres, titles).T // 100
    return tastes - tastes.sum(axis=-1, keepdims=True) // len(titles)


def _genres(titles):
    return sorted({genre for title in titles for genre in title.genre.split(", ")})


def _genre_weights(genres, titles):
    """Weigh the genres of each title, the first ones most, in hundredths."""
    weights = np.zeros((len(titles), len(genres)), dtype=np.int64)
    for row, title in enumerate(titles):
        for position, genre in enumerate(title.genre.split(", ")):
            weights[row, genres.index(genre)] = max(90 - 15 * position, 15)
    return weights


def _draw_fandoms(random_state, n_viewers, titles):
    """Draw how much each viewer likes each title for its franchise."""
    franchises = sorted({title.franchise for title in titles})
    likes = _draw_integers(random_state, 650, (n_viewers, len(franchises)))
    return likes[:, [franchises.index(title.franchise) for title in titles]]


def _draw_wish(random_state, tastes, titles):
    """Draw how much each viewer wishes to watch each title at first: popular ones, those of taste."""
    members = np.array([title.members for title in titles])
    popularity = np.rint(900 * np.log(members)).astype(np.int64)
    chance = np.rint(random_state.gumbel(0, CHANCE, tastes.shape)).astype(np.int64)
    sequels = _sequels(titles)
    popularity[sequels[sequels >= 0]] -= EARLY
    return popularity + 8 * tastes // 10 + chance


def _sequels(titles):
    """Return the position of the sequel of each title, the next of its franchise; -1 where none is."""
    following = [*(title.franchise for title in titles[1:]), "-"]
    same = [title.franchise == other for title, other in zip(titles, following, strict=True)]
    return np.where(same, np.arange(len(titles)) + 1, -1)


def _draw_links(random_state, titles):
    """Draw what each title that was watched adds to the wish for each other one."""
    n_titles, genres = len(titles), _genre_weights(_genres(titles), titles)
    alike = genres @ genres.T + random_state.randint(9000, size=(n_titles, n_titles))
    beside = np.argsort(-np.minimum(alike, alike.T), axis=1, kind="stable")[:, : N_BESIDE + 1]
    instead = random_state.randint(n_titles, size=(n_titles, N_INSTEAD))
    links = np.zeros((n_titles, n_titles), dtype=np.int64)
    for others, added in ((instead, INSTEAD), (beside, BESIDE)):
        np.put_along_axis(links, others, added, axis=1)
        links[np.equal(links.T, added)] = added
    sequels = _sequels(titles)
    links[sequels >= 0, sequels[sequels >= 0]] = SEQUEL
    return links


def _watch(random_state, wish, tastes, links, sequels):
    """Let viewers watch, always what they wish most; return the hour of each title, -1 for no hour.

    In each season a viewer is up for one of the two tastes. Sequels follow within days.
    """
    n_viewers = len(wish)
    n_seen = np.rint(np.exp(random_state.normal(4.2, 0.6, n_viewers))).astype(np.int64)
    n_seen = np.clip(n_seen, 10, 200)
    now = random_state.randint(3 * 365 * 24, size=n_viewers)
    pace = random_state.randint(150 * 24, 3 * 365 * 24, size=n_viewers) // n_seen
    moods = random_state.randint(2, size=(n_viewers, 40))
    wish, hours = wish.copy(), np.full(wish.shape, -1)
    last = np.full(n_viewers, -1)
    for step in range(n_seen.max()):
        viewers = np.flatnonzero(step < n_seen)
        season = tastes[moods[viewers, now[viewers] // HOURS_OF_SEASON % moods.shape[1]], viewers]
        whims = np.rint(random_state.gumbel(0, WHIM, wish.shape)).astype(np.int64)[viewers]
        wishes = wish[viewers] + SEASON * season // 100 + whims
        expected = np.where(last[viewers] >= 0, sequels[last[viewers]], -1)
        binging = np.flatnonzero(expected >= 0)
        wishes[binging, expected[binging]] += BINGE
        wishes[hours[viewers] >= 0] = wishes.min()
        chosen = wishes.argmax(axis=1)
        waits = np.rint(random_state.exponential(1.0, n_viewers) * 1000).astype(np.int64)[viewers]
        waits = np.where(chosen == expected, 24, pace[viewers]) * waits // 1000
        now[viewers] += 1 + waits
        hours[viewers, chosen], last[viewers] = now[viewers], chosen
        wish[viewers] += links[chosen]
    return hours


def _draw_ratings(random_state, appeal, titles):
    """Draw the ratings of every viewer for every title, 1 to 10."""
    site_rating = np.array([round(100 * title.site_rating) for title in titles])
    quality = 9 * (site_rating - 815)
    generosity = _draw_integers(random_state, 700, len(appeal))[:, np.newaxis]
    mood = _draw_integers(random_state, 600, appeal.shape)
    ratings = MEAN_RATING + quality + generosity + appeal + mood
    return np.clip((ratings + UNIT // 2) // UNIT, 1, 10)


def _draw_unrated(random_state, shape):
    shares = np.array(UNRATED_SHARES)[random_state.randint(len(UNRATED_SHARES), size=shape[0])]
    return random_state.randint(100, size=shape) < shares[:, np.newaxis]


def to_gzip(table: pd.DataFrame) -> bytes:
    r"""Write a table as a compressed CSV file without a date or a name in it.

    Parameters
    ----------
    table : DataFrame
        The table.

    Returns
    -------
    bytes
        Content of the `.csv.gz` file.

    Examples
    --------
    >>> import pandas as pd
    >>> gzip.decompress(to_gzip(pd.DataFrame({"user_id": [1, 2]})))
    b'user_id\n1\n2\n'
    """
    text = table.to_csv(index=False, lineterminator="\n").encode("utf-8")
    buffer = io.BytesIO()
    with gzip.GzipFile("", "wb", compresslevel=9, fileobj=buffer, mtime=0) as file:
        file.write(text)
    return buffer.getvalue()


def make_files() -> dict[str, bytes]:
    """Make the files of the sample data set.

    Returns
    -------
    dict of str to bytes
        File name -> content.

    Examples
    --------
    >>> list(make_files())
    ['anime.csv.gz', 'rating.csv.gz', 'time.csv.gz']
    """
    titles = parse_titles()
    ratings = simulate_ratings(titles)
    tables = {"anime": make_catalog(titles), "rating": ratings.drop(columns="hour")}
    tables["time"] = ratings[["hour"]]
    return {f"{name}.csv.gz": to_gzip(table) for name, table in tables.items()}


if __name__ == "__main__":
    for name, content in make_files().items():
        (DATA / name).write_bytes(content)
