"""Fitted models to files and back, without pickle."""

import os
import shutil
import uuid
from collections.abc import Sequence
from contextlib import contextmanager, nullcontext
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from zipfile import ZipFile

from sklearn_anime.io._archive import ModelFileError, check_archive, schema, seal
from sklearn_anime.io._trusted import TRUSTED_TYPES
from sklearn_anime.utils._optional import import_optional


def dump(model: Any, file: str | os.PathLike | BinaryIO) -> None:
    """Write a model to a file that holds data only, no code.

    The file is a zip archive of JSON and arrays in the format of skops, with the versions that wrote it
    and a SHA-256 of its content.

    Parameters
    ----------
    model : estimator
        Any estimator of this package or of scikit-learn, fitted or not: a Pipeline, a search, a stack
        too.

    file : path or binary file object
        Where to write. What is at a path stays until the new file is complete.

    Raises
    ------
    ImportError
        If skops is not installed.

    TypeError
        If the model holds an object that cannot be written without pickle, such as a lambda.

    See Also
    --------
    load : Reads the file.
    joblib.dump : Writes any object, for your own machine: reading it runs what is in it.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_anime.baseline import BiasRegressor
    >>> from sklearn_anime.io import dump, load
    >>> model = BiasRegressor().fit([["ann", 1], ["bob", 1], ["bob", 2]], [5, 4, 3])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "model.skops")
    ...     dump(model, path)
    ...     load(path).recommend(["ann"])
      user  item  score  rank
    0  ann     2    4.0     1
    """
    skops_io = _import_skops()
    with _target(file) as handle:
        skops_io.dump(model, handle)
        _check_names(handle)
        seal(handle)


def load(file: str | os.PathLike | BinaryIO, *, trusted: Sequence[str | type] = ()) -> Any:
    """Read a model from a file of `dump`, running nothing that the file brings.

    Parameters
    ----------
    file : path or binary file object
        What `dump` has written.

    trusted : sequence of str or type, default=()
        Further types that may be in the file, by their full name or as they are: your own transformer,
        or an estimator of another package. The types of this package, scipy's sparse matrices and most
        of scikit-learn are in ``TRUSTED_TYPES``.

    Returns
    -------
    estimator
        The model, which predicts, recommends and goes on with ``partial_fit`` as the original does.

    Raises
    ------
    ModelFileError
        If the file is no model file, is damaged, was written by a newer version that changed the
        format, holds types that are not trusted, which are named, or cannot be read for another reason.

    ImportError
        If skops, or a package that the model needs, is not installed.

    Warns
    -----
    UserWarning
        If the file was written by newer versions that should be readable.

    See Also
    --------
    dump : Writes the file.

    Notes
    -----
    The digest finds damage. It does not tell who wrote the file: whoever changes a file can write a new
    digest. What protects from a hostile file is that only trusted types are made, out of data.

    Examples
    --------
    >>> import io
    >>> from sklearn_anime.baseline import PopularityRecommender
    >>> from sklearn_anime.io import dump, load
    >>> file = io.BytesIO()
    >>> dump(PopularityRecommender().fit([["ann", "Akira"], ["bob", "Bleach"]]), file)
    >>> _ = file.seek(0)
    >>> load(file).items_.tolist()
    ['Akira', 'Bleach']
    """
    skops_io = _import_skops()
    allowed = [*TRUSTED_TYPES, *([trusted] if isinstance(trusted, (str, type)) else trusted)]
    with _source(file) as handle, _refusing():
        versions = check_archive(handle)["versions"]
        try:
            return skops_io.load(handle, trusted=allowed)
        except skops_io.exceptions.UntrustedTypesFoundException as error:
            unknown = set(skops_io.get_untrusted_types(file=handle)) - set(map(_full_name, allowed))
            raise ValueError(_untrusted_message(sorted(unknown), versions)) from error


def _import_skops():
    import_optional("skops.io.exceptions", extra="io", purpose="sklearn_anime.io")
    return import_optional("skops.io", extra="io", purpose="sklearn_anime.io")


@contextmanager
def _target(file):
    """Yield a file to write to; what is complete then takes the place of a path, or goes to a file."""
    if hasattr(file, "write"):
        with TemporaryFile() as handle:
            yield handle
            handle.seek(0)
            shutil.copyfileobj(handle, file)
        return
    path = Path(os.path.realpath(file))
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with open(beside, "x+b") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _source(file):
    """Return a context of a file that can be read at any place."""
    if hasattr(file, "read"):
        return nullcontext(BytesIO(file.read()))
    return open(file, "rb")


@contextmanager
def _refusing():
    """Turn all that can happen with a bad file into one class of error."""
    try:
        yield
    except ImportError:
        raise
    except Exception as error:  # bad files raise errors of json, zipfile, numpy, Keras, faiss, ...
        raise ModelFileError(f"Cannot read the model file: {error or type(error).__name__}") from error


def _check_names(handle):
    """Raise where a function has no name under which another process would find it."""
    with ZipFile(handle) as archive:
        for each in schema(archive):
            name = f"{each.get('__module__')}.{each.get('__class__')}"
            if "<" in name:
                raise TypeError(
                    f"The model holds {name}, which no other process can import. Move it to a module, "
                    f"at its top level and with a name."
                )


def _untrusted_message(unknown, versions):
    return (
        f"it holds types that are not trusted. Where you know them and who wrote the file "
        f"(with sklearn-anime {versions.get('sklearn-anime')}), pass trusted={unknown!r}."
    )


def _full_name(each):
    return each if isinstance(each, str) else f"{each.__module__}.{each.__qualname__}"
