"""Download the Kaggle "Anime Recommendations Database" once."""

import os
import shutil
import tempfile
from pathlib import Path

import pandas as pd
from sklearn.datasets import get_data_home

from sklearn_anime.datasets._anime import OPTION_CONSTRAINTS, load_anime
from sklearn_anime.datasets._bunch import RatingsBunch
from sklearn_anime.datasets._files import find_table
from sklearn_anime.utils._optional import import_optional
from sklearn_anime.utils._sklearn import validate_params

HANDLE = "CooperUnion/anime-recommendations-database"
FOLDER = "anime_recommendations"


@validate_params(
    {"data_home": [str, os.PathLike, None], "force_download": ["boolean"]} | OPTION_CONSTRAINTS,
    prefer_skip_nested_validation=True,
)
def fetch_anime(
    data_home: str | os.PathLike | None = None,
    *,
    n_users: int | None = None,
    n_anime: int | None = None,
    unrated: str = "drop",
    return_X_y: bool = False,
    force_download: bool = False,
) -> RatingsBunch | tuple[pd.DataFrame, pd.Series]:
    """Download the Kaggle anime ratings, keep them, and load them.

    The download goes through `kagglehub` (``pip install "sklearn-anime[kaggle]"``), and is 106 MB
    unpacked. A second call reads the kept files.

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder that keeps the files, in a subfolder. None is scikit-learn's
        :func:`~sklearn.datasets.get_data_home`.

    n_users : int, default=None
        Keep the rows of this many users, those with the most rows. None keeps all.

    n_anime : int, default=None
        Keep the rows of this many anime, those with the most rows, and only those anime in the
        catalog. None keeps all.

    unrated : {"drop", "nan", "keep"}, default="drop"
        What becomes of the rows that say "watched, not rated": `"drop"` leaves them out, `"nan"`
        keeps them with a missing rating, `"keep"` keeps them with the rating -1.

    return_X_y : bool, default=False
        Return `(data, target)` instead of the Bunch.

    force_download : bool, default=False
        Download again, and replace the kept files.

    Returns
    -------
    Bunch
        As of :func:`load_anime`.

    tuple of (DataFrame, Series)
        `(data, target)`, if `return_X_y` is True.

    See Also
    --------
    load_anime : Load the files from a folder.
    load_anime_sample : A small data set of the same form, without a download.

    Notes
    -----
    Files are kept only once they are complete and can be read. A download that fails leaves what
    was kept before.

    Examples
    --------
    >>> from sklearn_anime.datasets import fetch_anime
    >>> anime = fetch_anime(n_users=1000, n_anime=500)  # doctest: +SKIP
    """
    folder = Path(get_data_home(data_home)) / FOLDER
    if force_download or not folder.is_dir():
        _download(folder, force_download)
    return load_anime(folder, n_users=n_users, n_anime=n_anime, unrated=unrated, return_X_y=return_X_y)


def _download(folder, force_download):
    """Put the files in place in one move, once they have been read from start to end."""
    source = _download_to_kagglehub(force_download)
    with tempfile.TemporaryDirectory(prefix=f".{FOLDER}-", dir=folder.parent) as staging:
        files = Path(staging) / FOLDER
        files.mkdir()
        try:
            for name in ("anime.csv", "rating.csv"):
                shutil.copy(find_table(source, name), files)
            load_anime(files)
        except (OSError, ValueError, EOFError) as error:
            raise OSError(
                f"The download of {HANDLE} is incomplete ({error}) and was not kept. Call "
                "fetch_anime(force_download=True) to download it again."
            ) from error
        shutil.rmtree(folder, ignore_errors=True)
        files.rename(folder)


def _download_to_kagglehub(force_download):
    kagglehub = import_optional("kagglehub", extra="kaggle", purpose="fetch_anime")
    try:
        return Path(kagglehub.dataset_download(HANDLE, force_download=force_download))
    except Exception as error:
        raise OSError(
            f"The download of {HANDLE} from Kaggle failed ({error}). Check the network, or unpack "
            "the data set by hand and call load_anime(folder)."
        ) from error
