"""The variants of MovieLens: how their files are written, and how many rows their publisher counts."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sklearn_anime.datasets._delimited import TableFormat, raise_first_line, read_delimited
from sklearn_anime.datasets._folds import Folds

RATING_COLUMNS = {
    "user_id": "int64",
    "movie_id": "int64",
    "rating": "float64",
    "timestamp": "int64",
}
MOVIE_COLUMNS = {"movie_id": "int64", "title": "str", "genre": "str"}
# fmt: off
GENRES_100K = [
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller",
    "War", "Western",
]
OCCUPATIONS_1M = [
    "other", "academic/educator", "artist", "clerical/admin", "college/grad student", "customer service",
    "doctor/health care", "executive/managerial", "farmer", "homemaker", "K-12 student", "lawyer",
    "programmer", "retired", "sales/marketing", "scientist", "self-employed", "technician/engineer",
    "tradesman/craftsman", "unemployed", "writer",
]
# fmt: on
NO_GENRE = ("", "(no genres listed)")

RATINGS_CSV = TableFormat(RATING_COLUMNS, header=("userId", "movieId", "rating", "timestamp"))
MOVIES_CSV = TableFormat(
    MOVIE_COLUMNS, header=("movieId", "title", "genres"), optional=frozenset({"title", "genre"})
)
RATINGS_100K = TableFormat(RATING_COLUMNS, separator="\t")
MOVIES_100K = TableFormat(
    {"movie_id": "int64", "title": "str", "release_date": "str", "video_date": "str", "imdb_url": "str"}
    | dict.fromkeys(GENRES_100K, "int64"),
    separator="|",
    encoding="latin-1",
    optional=frozenset({"title", "release_date", "video_date", "imdb_url"}),
)
USERS_100K = TableFormat(
    {"user_id": "int64", "age": "int64", "gender": "str", "occupation": "str", "zip_code": "str"},
    separator="|",
    encoding="latin-1",
)
RATINGS_DAT = TableFormat(RATING_COLUMNS, separator="::")
MOVIES_1M = TableFormat(MOVIE_COLUMNS, separator="::", encoding="latin-1")
MOVIES_10M = TableFormat(MOVIE_COLUMNS, separator="::")
USERS_1M = TableFormat(
    {"user_id": "int64", "gender": "str", "age": "int64", "occupation": "int64", "zip_code": "str"},
    separator="::",
    encoding="latin-1",
)


def read_ratings(files, variant: "Variant") -> pd.DataFrame:
    """Read the ratings, and raise for the first one out of range.

    Parameters
    ----------
    files : DataFiles
        Where the files are.

    variant : Variant
        Which variant they are of.

    Returns
    -------
    DataFrame of shape (n_rows, 4)
        user_id, movie_id, rating, and timestamp in seconds since 1970.
    """
    ratings = read_delimited(files, variant.ratings, variant.ratings_format)
    if not ratings["rating"].between(0.5, 5).all():
        raise_first_line(
            files, variant.ratings, variant.rating_offence, variant.ratings_format.header is not None
        )
    return ratings


def read_movies(files, variant: "Variant") -> pd.DataFrame:
    """Read the catalog, indexed by movie; several genres are split by ", ".

    Parameters
    ----------
    files : DataFiles
        Where the files are.

    variant : Variant
        Which variant they are of.

    Returns
    -------
    DataFrame of shape (n_movies, n_columns)
        title and genre; in `"100k"` release_date and imdb_url too.
    """
    movies = read_delimited(files, variant.movies, variant.movies_format)
    if variant.name == "100k":
        flags = movies[GENRES_100K[1:]].to_numpy(bool)
        movies["genre"] = pd.Series([_join_genres(row) for row in flags], dtype="str")
        movies["release_date"] = pd.to_datetime(movies["release_date"], format="%d-%b-%Y")
        movies = movies[["movie_id", "title", "genre", "release_date", "imdb_url"]]
    else:
        genres = movies["genre"].str.replace("|", ", ", regex=False)
        movies["genre"] = genres.mask(genres.isin(NO_GENRE))
    return movies.set_index("movie_id")


def read_users(files, variant: "Variant") -> pd.DataFrame | None:
    """Read the features of the users, indexed by user; None where there are none.

    Parameters
    ----------
    files : DataFiles
        Where the files are.

    variant : Variant
        Which variant they are of.

    Returns
    -------
    DataFrame of shape (n_users, 4) or None
        age, gender, occupation, zip_code.
    """
    if variant.users is None:
        return None
    users = read_delimited(files, variant.users, variant.users_format)
    if variant.name == "1m":
        _check_occupations(files, variant, users["occupation"])
        users["occupation"] = users["occupation"].map(dict(enumerate(OCCUPATIONS_1M))).astype("str")
    return users.set_index("user_id")[["age", "gender", "occupation", "zip_code"]]


def read_folds_100k(files, ratings: pd.DataFrame) -> Folds:
    """Find the rows of the test files `u1` to `u5`, `ua` and `ub`, as far as they are there.

    Parameters
    ----------
    files : DataFiles
        Where the files are.

    ratings : DataFrame
        The ratings of the variant.

    Returns
    -------
    Folds
        The splits.
    """
    rows = pd.MultiIndex.from_frame(ratings[["user_id", "movie_id"]])
    tests = {}
    for name in ("u1", "u2", "u3", "u4", "u5", "ua", "ub"):
        sides = [f"{name}.base", f"{name}.test"]
        if not all(side in files for side in sides):
            continue
        base, test = (_positions(files, side, rows) for side in sides)
        if len(np.union1d(base, test)) != len(rows) or len(base) + len(test) != len(rows):
            raise ValueError(
                f"{files.place(sides[0])} and {sides[1]} do not have each of the {len(rows)} ratings "
                f"once ({len(base)} and {len(test)} rows). Download the archive again."
            )
        tests[name] = np.sort(test)
    return Folds(len(rows), tests)


def make_folds_10m(files, ratings: pd.DataFrame) -> Folds:
    """Compute the splits that `split_ratings.sh` of the archive writes: no file of them is published.

    Parameters
    ----------
    files : DataFiles
        Not used.

    ratings : DataFrame
        The ratings of the variant, in the order of its file.

    Returns
    -------
    Folds
        `r1` to `r5`, a fifth of the file each; `ra` and `rb`, the first ten rows of each user and the
        next ten.

    Examples
    --------
    >>> ratings = pd.DataFrame({"user_id": np.repeat([1, 2], 22)})
    >>> folds = make_folds_10m(None, ratings)
    >>> folds["r1"][1]
    array([0, 1, 2, 3, 4, 5, 6, 7])
    >>> len(folds["r5"][1]), len(folds["ra"][1])  # the remainder of the division is in the last fifth
    (12, 20)
    >>> folds["rb"][1][:11]
    array([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 32])
    """
    n_rows, rank = len(ratings), ratings.groupby("user_id").cumcount().to_numpy()
    size = n_rows // 5
    stops = [size, 2 * size, 3 * size, 4 * size, n_rows]
    tests = {f"r{i + 1}": np.arange(i * size, stop) for i, stop in enumerate(stops)}
    tests["ra"] = np.flatnonzero(rank < 10)
    tests["rb"] = np.flatnonzero((rank >= 10) & (rank < 20))
    return Folds(n_rows, tests)


def no_folds(files, ratings: pd.DataFrame) -> Folds:
    """Return that there are no official splits.

    Parameters
    ----------
    files : DataFiles
        Not used.

    ratings : DataFrame
        The ratings of the variant.

    Returns
    -------
    Folds
        Without any.
    """
    return Folds(len(ratings), {})


@dataclass(frozen=True)
class Variant:
    """One of the published tables.

    Attributes
    ----------
    name : str
        What `fetch_movielens` calls it.

    folder : str
        The folder in its archive.

    n_ratings, n_users, n_movies : int
        Rows, users with a row, and movies of the catalog, as published.

    ratings, movies, users : str
        Names of the files; None where there is no such file.

    ratings_format, movies_format, users_format : TableFormat
        How they are written.

    folds : callable
        Makes the official splits.
    """

    name: str
    folder: str
    n_ratings: int
    n_users: int
    n_movies: int
    ratings: str = "ratings.csv"
    movies: str = "movies.csv"
    users: str | None = None
    ratings_format: TableFormat = RATINGS_CSV
    movies_format: TableFormat = MOVIES_CSV
    users_format: TableFormat | None = None
    folds: Callable = no_folds

    @property
    def archive(self) -> str:
        """Name of the published archive."""
        return f"ml-{self.name}.zip"

    @property
    def files(self) -> list:
        """Names of the files that are read."""
        return [name for name in (self.ratings, self.movies, self.users) if name is not None]

    def rating_offence(self, line):
        """Return what is wrong with the rating of a line of bytes; None where it is one."""
        fields = self.ratings_format.split(line.decode(self.ratings_format.encoding))
        if 0.5 <= float(fields[2]) <= 5:
            return None
        return f"has the rating {fields[2]}, where 0.5 to 5 is expected"


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("latest-small", "ml-latest-small", 100_836, 610, 9_742),
        Variant(
            "100k",
            "ml-100k",
            100_000,
            943,
            1_682,
            ratings="u.data",
            movies="u.item",
            users="u.user",
            ratings_format=RATINGS_100K,
            movies_format=MOVIES_100K,
            users_format=USERS_100K,
            folds=read_folds_100k,
        ),
        Variant(
            "1m",
            "ml-1m",
            1_000_209,
            6_040,
            3_883,
            ratings="ratings.dat",
            movies="movies.dat",
            users="users.dat",
            ratings_format=RATINGS_DAT,
            movies_format=MOVIES_1M,
            users_format=USERS_1M,
        ),
        Variant(
            "10m",
            "ml-10M100K",
            10_000_054,
            69_878,
            10_681,
            ratings="ratings.dat",
            movies="movies.dat",
            ratings_format=RATINGS_DAT,
            movies_format=MOVIES_10M,
            folds=make_folds_10m,
        ),
        Variant("20m", "ml-20m", 20_000_263, 138_493, 27_278),
        Variant("25m", "ml-25m", 25_000_095, 162_541, 62_423),
        Variant("32m", "ml-32m", 32_000_204, 200_948, 87_585),
    )
}


def _join_genres(flags):
    return ", ".join(np.array(GENRES_100K[1:])[flags]) or None


def _positions(files, name, rows):
    pairs = read_delimited(files, name, RATINGS_100K)[["user_id", "movie_id"]]
    found = rows.get_indexer(pd.MultiIndex.from_frame(pairs))
    if (found < 0).any():
        line = int(np.argmin(found))
        user, movie = pairs.iloc[line]
        raise ValueError(
            f"Line {line + 1} of {files.place(name)} rates movie {movie} by user {user}, which u.data "
            f"does not. Download the archive again."
        )
    return found


def _check_occupations(files, variant, codes):
    if not codes.between(0, len(OCCUPATIONS_1M) - 1).all():
        wrong = int((~codes.between(0, len(OCCUPATIONS_1M) - 1)).idxmax())
        raise ValueError(
            f"Line {wrong + 1} of {files.place(variant.users)} has the occupation {codes[wrong]}, where "
            f"0 to {len(OCCUPATIONS_1M) - 1} is expected. Correct or remove that line."
        )
