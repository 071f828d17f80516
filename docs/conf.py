"""Sphinx configuration."""

import sklearn_anime

project = "sklearn-anime"
author = "The sklearn-anime developers"
copyright = "2026, The sklearn-anime developers"
version = release = sklearn_anime.__version__
extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc", "sphinx_design"]
exclude_patterns = ["_build"]
autosummary_generate = True
numpydoc_show_class_members = False
html_theme = "pydata_sphinx_theme"
html_title = "sklearn-anime"
