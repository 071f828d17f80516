"""Splitters that respect users, time and cold starts, and the comparison of models on them."""

from sklearn_anime.model_selection._compare import compare
from sklearn_anime.model_selection._split import (
    LeaveKOutPerUser,
    NewItemSplit,
    NewUserSplit,
    PerUserKFold,
)
from sklearn_anime.model_selection._split_by_time import LastKPerUser, TimeSplit
from sklearn_anime.model_selection._strong_generalization import StrongGeneralization

__all__ = [
    "LastKPerUser",
    "LeaveKOutPerUser",
    "NewItemSplit",
    "NewUserSplit",
    "PerUserKFold",
    "StrongGeneralization",
    "TimeSplit",
    "compare",
]
