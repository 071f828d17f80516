"""Claims about estimators in a notebook: links to the API page, and docstrings as tooltips."""

import html
import inspect
import re

import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import DiverseRecommender, TopNRecommender
from sklearn_anime.preprocessing import WeightedOneHotGenres
from sklearn_anime.utils import all_estimators

PAGES = "https://sklearn-anime.readthedocs.io/en/stable/api/generated/"
ROW = re.compile(
    r'class="param-doc-link".*?href="(?P<link>[^"]*)">\s*(?P<name>\w+)\s*'
    r'<span class="param-doc-description"[^>]*>\s*(?P<text>.*?)</span>',
    flags=re.DOTALL,
)
ESTIMATORS = dict(all_estimators())
every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)


def make(estimator):
    inner = {TopNRecommender: [Ridge()], DiverseRecommender: [PopularityRecommender()]}
    return estimator(*inner.get(estimator, []))


def tooltips(fitted_or_not):
    """Return name -> text of the tooltip, of the parameters in the HTML of an estimator."""
    rows = ROW.finditer(fitted_or_not._get_params_html(doc_link="page")._repr_html_inner())
    return {row["name"]: html.unescape(row["text"]).split("<br><br>", 1) for row in rows}


def documented(estimator):
    """Return name -> type and text of each parameter, read from the docstring by indentation alone."""
    text = inspect.getdoc(estimator).partition("Parameters\n----------\n")[2]
    text = text.partition("\n\nAttributes\n")[0].replace("\\\n", "")
    found = {}
    for entry in re.split(r"\n+(?=\S)", text):
        head, _, body = entry.partition("\n")
        names, _, kind = head.partition(" : ")
        found |= {name: (kind, inspect.cleandoc(body)) for name in names.split(", ")}
    return found


@every_estimator
def test_question_mark_links_to_the_api_page(estimator):
    page = f"{estimator.__module__.partition('._')[0]}.{estimator.__name__}"
    assert f'href="{PAGES}{page}.html"' in make(estimator)._repr_html_()


@every_estimator
def test_every_parameter_has_its_docstring_as_tooltip(estimator):
    shown = tooltips(make(estimator))
    expected = documented(estimator)
    assert list(shown) == list(inspect.signature(estimator).parameters)
    for name, (head, text) in shown.items():
        kind, body = expected[name]
        assert " ".join(head.split()) == " ".join(f"{name}: {kind}".split())
        assert text.replace("<br>", "\n").split() == body.split()


def test_links_of_steps_are_their_own():
    columns = make_column_transformer((WeightedOneHotGenres(), ["genre"]))
    shown = make_pipeline(columns, BiasRegressor())._repr_html_()
    for page in ("preprocessing.WeightedOneHotGenres", "baseline.BiasRegressor"):
        assert f'href="{PAGES}sklearn_anime.{page}.html"' in shown
    assert "https://scikit-learn.org/" in shown


def test_fitted_estimator_links_too():
    shown = PopularityRecommender().fit([[1, 2]])._repr_html_()
    assert f'href="{PAGES}sklearn_anime.baseline.PopularityRecommender.html"' in shown


def test_estimators_of_others_have_no_page_of_ours():
    class Mine(BiasRegressor):
        pass

    assert Mine()._get_doc_link() == ""
