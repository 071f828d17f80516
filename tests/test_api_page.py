"""Claims about the API page of the documentation: every public name is on it, and nothing else."""

import importlib
import re
from pathlib import Path

import pytest

import sklearn_anime

API_PAGE = Path(__file__).parents[1] / "docs" / "api" / "index.rst"
MODULES = [*(name for name in sklearn_anime.__all__ if name != "__version__"), "utils.estimator_checks"]


def sections():
    """Return module -> names in its table."""
    parts = re.split(r"^\.\. currentmodule:: (\S+)$", API_PAGE.read_text(encoding="utf-8"), flags=re.M)
    return {
        module: re.findall(r"^   (\w+)$", text, flags=re.M)
        for module, text in zip(parts[1::2], parts[2::2], strict=True)
    }


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_has_a_line_under_its_module(name):
    module = importlib.import_module(f"sklearn_anime.{name}")
    assert sorted(sections()[module.__name__]) == module.__all__


def test_every_section_is_a_public_module_and_says_what_it_holds():
    assert set(sections()) == {f"sklearn_anime.{name}" for name in MODULES}
    described = re.findall(
        r"^\.\. automodule:: (\S+)$", API_PAGE.read_text(encoding="utf-8"), flags=re.M
    )
    assert described == list(sections())
