"""The requests and responses of the service."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr, model_validator
from pydantic_core.core_schema import custom_error_schema

LARGEST_HISTORY = 5_000  # entries
LARGEST_LIST = 5_000  # ids in `include` and `exclude`
MOST_ITEMS = 100  # recommended at once
MOST_EXPLAINED = 20  # items in one request


class Says:
    """Says one sentence about a value of the wrong type, instead of one for each type."""

    def __init__(self, sentence):
        self.sentence = sentence

    def __get_pydantic_core_schema__(self, source, handler):
        return custom_error_schema(
            handler(source), custom_error_type="type", custom_error_message=self.sentence
        )


Text = Annotated[StrictStr, Field(max_length=1_000)]
Number = Annotated[StrictFloat, Field(allow_inf_nan=False)]
Id = Annotated[
    StrictInt | Number | Text, Says("Input should be a number, or text of at most 1,000 characters")
]
Rating = Annotated[StrictInt | Number, Says("Input should be a finite number or null")]
HowMany = Annotated[int, Field(ge=1, le=MOST_ITEMS)]
Ids = Annotated[list[Id], Field(max_length=LARGEST_LIST)]


class Request(BaseModel):
    """A body; names that it should not have are errors."""

    model_config = ConfigDict(extra="forbid")


class Entry(Request):
    """One interaction of a user."""

    item: Id = Field(description="Id of the item, as a number or as text.")
    rating: Rating | None = Field(None, description="null: seen, not rated.")
    time: Id | None = Field(
        None, description="When it was: a number or text, as in the time column of the model."
    )


class WithHistory(Request):
    """What a user has seen."""

    history: list[Entry] = Field(
        default_factory=list,
        max_length=LARGEST_HISTORY,
        description="Oldest first: where no entry has a time, the order is the time.",
    )

    @model_validator(mode="after")
    def _has_all_times_or_none(self) -> Self:
        timed = sum(each.time is not None for each in self.history)
        if 0 < timed < len(self.history):
            raise ValueError(
                f"{timed} of {len(self.history)} entries have a time. Give one to each, or to none: "
                f"then their order is the time, oldest first."
            )
        return self


class RecommendationRequest(WithHistory):
    """For whom, how many, and out of which items."""

    n_items: HowMany = 10
    include: Ids | None = Field(None, description="The only items to recommend.")
    exclude: Ids = Field(default_factory=list, description="Items that are not recommended.")


class ExplanationRequest(WithHistory):
    """Which recommendations to explain."""

    items: list[Id] = Field(min_length=1, max_length=MOST_EXPLAINED)
    n: Annotated[int, Field(ge=1, le=MOST_ITEMS, description="Terms for each, before the rest.")] = 3


class Item(BaseModel):
    """An item, with its name where the catalog has one, and its genres."""

    item: Id
    name: str
    genres: list[str]


class Recommendation(Item):
    """A recommended item."""

    rank: int
    score: float | None = Field(description="What it is ranked by; null for popular items.")


class Recommendations(BaseModel):
    """Recommended items, best first."""

    recommendations: list[Recommendation]
    fallback: bool = Field(description="Whether these are popular items: nothing is known of the user.")
    ignored: list[Id] = Field(description="Ids of the request that the model does not know.")


class SimilarItem(Item):
    """An item that is similar to another."""

    rank: int
    similarity: float


class SimilarItems(BaseModel):
    """The most similar items, nearest first."""

    item: Item
    similar: list[SimilarItem]


class Items(BaseModel):
    """Items that a search has found."""

    items: list[Item]


class Term(BaseModel):
    """What a score owes to an item of the history, or to something else."""

    term: str = Field(description='"neighbor", "rest", or the name of another term.')
    item: Id | None = Field(description="The item of the history; null for other terms.")
    name: str | None
    rating: float | None
    weight: float | None
    contribution: float


class Explanation(Item):
    """The terms that add up to the score of an item."""

    terms: list[Term]


class Explanations(BaseModel):
    """One explanation for each item."""

    explanations: list[Explanation]
    ignored: list[Id]


class Health(BaseModel):
    """What is served."""

    status: str = Field(description='"ok", or "stale" where a newer file cannot be served.')
    model: str
    users: int
    items: int
    since: datetime
    explains: bool = Field(description="Whether there are explanations.")
    rating_scale: tuple[float, float] | None = Field(
        description="The least and the largest rating, where the model looks at ratings."
    )
    error: str | None = Field(description="What is wrong with the newer file.")
    version: str
