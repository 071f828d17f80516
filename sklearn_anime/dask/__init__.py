"""Fit and ask models on a cluster: tables that do not fit into one memory, as Dask DataFrames.

Needs the extra ``dask``.
"""

from sklearn_anime.dask._fit import fit
from sklearn_anime.dask._serve import predict, recommend

__all__ = ["fit", "predict", "recommend"]
