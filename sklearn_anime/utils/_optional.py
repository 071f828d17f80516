"""Imports of packages that are needed by one feature only."""

import importlib


def import_optional(module, *, extra, purpose):
    """Import a module, or say which extra brings it.

    Parameters
    ----------
    module : str
        Dotted name of the module.

    extra : str
        Extra of this package that installs it.

    purpose : str
        What needs it; the subject of the error message.

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    ImportError
        If the module is not installed. The message names the command that installs it.

    Examples
    --------
    >>> import_optional("json", extra="plot", purpose="This example").__name__
    'json'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{purpose} needs {module.partition('.')[0]!r}, which could not be imported ({error}). "
            f'Install it with: pip install "sklearn-anime[{extra}]"'
        ) from error
