"""Which versions wrote a file, and whether these versions can read it."""

from importlib.metadata import version

import numpy as np
import sklearn
from packaging.version import InvalidVersion, Version

import sklearn_anime
from sklearn_anime.utils._warnings import warn

# How many numbers of a version change where files of the old one can no longer be read; after 0 the
# next one counts too. NumPy's own files are read by all versions.
BREAKING = {"sklearn-anime": 1, "scikit-learn": 1, "numpy": 0, "keras": 1}


def running_versions(with_keras):
    """Return the versions of this process by the name of the package.

    Examples
    --------
    >>> list(running_versions(with_keras=False))
    ['sklearn-anime', 'scikit-learn', 'numpy']
    """
    versions = {
        "sklearn-anime": sklearn_anime.__version__,
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
    }
    return versions | ({"keras": version("keras")} if with_keras else {})


def check_versions(written, running):
    """Raise where a newer, breaking version wrote a file, and warn of any other newer one.

    Examples
    --------
    >>> check_versions({"scikit-learn": "1.9.1"}, {"scikit-learn": "1.12.0"})
    >>> check_versions({"scikit-learn": "2.0.0"}, {"scikit-learn": "1.12.0"})
    Traceback (most recent call last):
    ValueError: scikit-learn 2.0.0 wrote it, and this is 1.12.0. Install scikit-learn>=2.0.0 to read it.
    """
    newer = {}
    for name, breaking in BREAKING.items():
        if name not in written or name not in running:
            continue
        theirs, ours = _parsed(name, written[name]), Version(running[name])
        if theirs <= ours:
            continue
        if _leading(theirs, breaking) > _leading(ours, breaking):
            raise ValueError(
                f"{name} {theirs} wrote it, and this is {ours}. Install {name}>={theirs} to read it."
            )
        newer[name] = f"{name} {theirs} (this is {ours})"
    if newer:
        warn(
            f"The file was written by newer versions, and a model may behave differently here: "
            f"{', '.join(newer.values())}. Upgrade to them, or dump the model again."
        )


def _parsed(name, text):
    try:
        return Version(text)
    except (InvalidVersion, TypeError) as error:
        raise ValueError(f"It says that version {text!r} of {name} wrote it, which is none.") from error


def _leading(version, n):
    """Return the first numbers of a version, one more where it begins with 0."""
    return version.release[: n + (n > 0 and version.major == 0)]
