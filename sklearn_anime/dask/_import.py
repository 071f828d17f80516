"""Dask, which is imported where it is used."""

from sklearn_anime.utils._optional import import_optional


def import_dask(purpose="sklearn_anime.dask"):
    """Import Dask with its DataFrame, or say which extra brings it."""
    import_optional("dask.dataframe", extra="dask", purpose=purpose)
    return import_optional("dask", extra="dask", purpose=purpose)


def current_client():
    """Return the client of a cluster, None where there is none: Dask then works in this process."""
    distributed = import_optional("distributed", extra="dask", purpose="sklearn_anime.dask")
    try:
        return distributed.get_client()
    except ValueError:
        return None
