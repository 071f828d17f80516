"""Files of models taken apart and put together again, as whoever writes files can."""

import io
import json
import zipfile

import skops.io

from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.io import _archive, load

ROWS = [["ann", 1], ["ann", 2], ["bob", 1], ["cat", 2], ["cat", 3]]


def good_model():
    """Return a small fitted model."""
    return BiasRegressor().fit(ROWS, [5.0, 3.0, 4.0, 2.0, 5.0])


def read(content, **options):
    return load(io.BytesIO(content), **options)


def members(content):
    """Return the members of an archive by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(parts, compression=zipfile.ZIP_STORED):
    """Return an archive of members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return file


def sealed(parts):
    """Return an archive of members with a digest that is right, as whoever writes files can."""
    file = archive_of({name: part for name, part in parts.items() if name != _archive.MANIFEST})
    _archive.seal(file)
    return file.getvalue()


def with_schema(content, change):
    """Return a sealed file whose schema is changed in place."""
    parts = members(content)
    schema = json.loads(parts["schema.json"])
    change(schema)
    return sealed({**parts, "schema.json": json.dumps(schema)})


def with_manifest(content, change):
    parts = members(content)
    manifest = json.loads(parts[_archive.MANIFEST])
    change(manifest)
    return archive_of({**parts, _archive.MANIFEST: json.dumps(manifest)}).getvalue()


def of_object(model):
    """Return the sealed file of anything, without the checks of `dump`."""
    return sealed(members(skops.io.dumps(model)))
