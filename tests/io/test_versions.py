"""Claims about versions: files of newer ones raise where they break files, and warn elsewhere."""

import io
import json

import pytest
from archives import archive_of, good_model, members, read, with_manifest
from fitted_models import fit

from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.io import ModelFileError, _archive, dump


@pytest.fixture(scope="module")
def content():
    """The bytes of a good file."""
    file = io.BytesIO()
    dump(good_model(), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("sklearn-anime", "0.999.0"),
        ("sklearn-anime", "1.0"),
        ("scikit-learn", "2.0.0"),
        ("keras", "4.0.0"),
    ],
)
def test_breaking_version_is_refused(name, version):
    file = io.BytesIO()
    dump(fit("embedding")[0], file)
    newer = with_manifest(file.getvalue(), lambda manifest: manifest["versions"].update({name: version}))
    with pytest.raises(ModelFileError, match=f"{name} {version} wrote it, .* Install {name}>={version}"):
        read(newer)


@pytest.mark.parametrize(
    ("name", "version"), [("sklearn-anime", "0.1.999"), ("scikit-learn", "1.999.0"), ("numpy", "99.0")]
)
def test_other_newer_version_is_a_warning(content, name, version):
    newer = with_manifest(content, lambda manifest: manifest["versions"].update({name: version}))
    with pytest.warns(UserWarning, match=f"newer versions.*{name} {version}"):
        assert read(newer).get_params() == BiasRegressor().get_params()


def test_older_version_is_read_in_silence(content):
    older = with_manifest(content, lambda manifest: manifest["versions"].update(numpy="1.26.4"))
    assert isinstance(read(older), BiasRegressor)


@pytest.mark.parametrize("version", ["newest", None, 7])
def test_version_that_is_none_is_refused(content, version):
    odd = with_manifest(content, lambda manifest: manifest["versions"].update(numpy=version))
    with pytest.raises(ModelFileError, match=f"version {version!r} of numpy wrote it, which is none"):
        read(odd)


def test_keras_is_named_where_there_is_a_network(content):
    file = io.BytesIO()
    dump(fit("embedding")[0], file)
    versions = [
        json.loads(members(each)[_archive.MANIFEST])["versions"] for each in (content, file.getvalue())
    ]
    assert [list(each)[3:] for each in versions] == [[], ["keras"]]


@pytest.mark.parametrize("manifest", ["[]", "{}", '{"versions": 3}', "nothing", '{"sha256": "0"}'])
def test_manifest_of_another_form_is_refused(content, manifest):
    with pytest.raises(ModelFileError, match="Cannot read the model file"):
        read(archive_of({**members(content), _archive.MANIFEST: manifest}).getvalue())
