"""Claims about bad files: one class of error says what is wrong, and nothing in them runs."""

import io
import pickle
import subprocess
import sys
import warnings
import zipfile
from copy import deepcopy
from pathlib import Path

import keras
import numpy as np
import pytest
from archives import archive_of, good_model, members, of_object, read, sealed, with_schema
from fitted_models import fit
from scipy import sparse
from sklearn.preprocessing import FunctionTransformer

from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.interactions._column import Text
from sklearn_anime.io import ModelFileError, _archive, dump, load
from sklearn_anime.neural_network import _networks


@pytest.fixture(scope="module")
def model():
    return good_model()


@pytest.fixture(scope="module")
def content(model):
    """The bytes of a good file."""
    file = io.BytesIO()
    dump(model, file)
    return file.getvalue()


class Traitor:
    """What writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.write_text, (Path(self.path), "run")


# Not a file of dump


def test_pickle_is_refused_and_not_run(tmp_path):
    (tmp_path / "model.skops").write_bytes(pickle.dumps(Traitor(tmp_path / "trace")))
    with pytest.raises(
        ModelFileError, match=r"no archive of sklearn_anime.io.dump. \(File is not a zip"
    ):
        load(tmp_path / "model.skops")
    assert not (tmp_path / "trace").exists()


def test_pickle_within_an_array_is_refused_and_not_run(content, tmp_path):
    array = io.BytesIO()
    np.save(array, np.array([Traitor(tmp_path / "trace")], dtype=object), allow_pickle=True)
    parts = members(content)
    name = next(name for name in parts if name.endswith(".npy"))
    with pytest.raises(ModelFileError, match="allow_pickle=False"):
        read(sealed({**parts, name: array.getvalue()}))
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    "name", ["../evil.json", "/etc/evil.npy", "folder/evil.npy", "evil.py", "évil.npy"]
)
def test_name_that_dump_does_not_write_is_refused(content, name):
    with pytest.raises(ModelFileError, match=r"has a member '.*vil.*', which"):
        read(sealed({**members(content), name: b"{}"}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_member_that_repeats_is_refused(content):
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("schema.json", "{}")
    with pytest.raises(ModelFileError, match="members that repeat or overlap"):
        read(file.getvalue())


def test_member_that_is_missing_is_named(content):
    parts = members(content)
    del parts["schema.json"]
    with pytest.raises(ModelFileError, match=r"no member 'schema\.json'"):
        read(sealed(parts))


# Sizes


def test_zip_bomb_is_refused_before_it_is_unpacked(content, monkeypatch):
    bomb = archive_of({**members(content), "bomb.bin": bytes(10**7)}, zipfile.ZIP_DEFLATED).getvalue()
    assert len(bomb) < 10**5
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    with pytest.raises(ModelFileError, match=r"is compressed, from \d+ to \d+ bytes"):
        read(bomb)


def test_size_that_is_not_true_is_refused(content):
    at = content.rindex(b"PK\x01\x02")  # the last entry of the directory: sizes at 20 and 24
    huge = (2**31).to_bytes(4, "little")
    with pytest.raises(ModelFileError, match="repeat or overlap"):
        read(content[: at + 20] + huge + huge + content[at + 28 :])


def test_bomb_within_a_sparse_matrix_is_refused_before_it_is_unpacked(monkeypatch):
    bomb = of_object({"matrix": sparse.csr_array(np.ones((1, 10**6)))})
    assert len(bomb) < 3 * 10**6
    monkeypatch.setattr(_archive, "ALWAYS_ALLOWED", 10**6)
    monkeypatch.setattr(_archive, "LARGEST_RATIO", 2)
    monkeypatch.setattr(sparse, "load_npz", None)
    with pytest.raises(ModelFileError, match=r"its \d+ bytes would unpack to \d+ bytes"):
        read(bomb)


def test_array_that_is_read_many_times_is_refused(monkeypatch):
    file = of_object([np.ones(10**5)])
    monkeypatch.setattr(_archive, "ALWAYS_ALLOWED", 10**6)

    def repeat(schema):
        (array,) = schema["content"]
        schema["content"] = [{**array, "__id__": 1 + copy} for copy in range(1000)]

    with pytest.raises(ModelFileError, match="would unpack to 800128000 bytes"):
        read(with_schema(file, repeat))


def test_array_whose_header_promises_too_much_is_refused(content):
    header = np.lib.format.header_data_from_array_1_0(np.ones(1)) | {"shape": (10**15,)}
    array = io.BytesIO()
    np.lib.format.write_array_header_1_0(array, header)
    parts = members(content)
    name = next(name for name in parts if name.endswith(".npy"))
    with pytest.raises(ModelFileError, match=r"allocate|expected"):
        read(sealed({**parts, name: array.getvalue() + bytes(8)}))


def test_schema_that_is_nested_too_deep_is_refused(content):
    with pytest.raises(ModelFileError, match="recursion"):
        read(sealed({**members(content), "schema.json": "[" * 100_000 + "]" * 100_000}))


# Foreign types


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "subprocess.Popen", "pickle.loads"])
@pytest.mark.parametrize("loader", ["FunctionNode", "TypeNode"])
def test_foreign_function_is_named_and_not_called(name, loader):
    module, _, function = name.rpartition(".")

    def change(schema):
        schema["content"]["content"]["func"] = {
            "__class__": function,
            "__module__": module,
            "__loader__": loader,
        }

    file = with_schema(of_object(FunctionTransformer(np.log1p)), change)
    with pytest.raises(ModelFileError, match=rf"not trusted.*trusted=\['{name}'\]"):
        read(file)


@pytest.mark.parametrize("loader", ["ListNode", "ConstructorFromReduceNode"])
def test_foreign_constructor_is_not_called(loader, tmp_path):
    def change(schema):
        arguments = {key: value for key, value in schema.items() if not key.startswith("_skops")}
        schema.update(__class__="system", __module__="os", __loader__=loader)
        if loader == "ConstructorFromReduceNode":
            schema["content"] = {**arguments, "__id__": 1}

    with pytest.raises(ModelFileError, match=r"\['os.system'\]"):
        read(with_schema(of_object([f"touch {tmp_path / 'trace'}"]), change))
    assert not (tmp_path / "trace").exists()


def test_module_of_a_foreign_type_is_not_imported(tmp_path):
    def change(schema):
        schema.update(__class__="Evil", __module__="antigravity", __loader__="ObjectNode")

    with pytest.raises(ModelFileError, match=r"\['antigravity.Evil'\]"):
        read(with_schema(of_object(BiasRegressor()), change))
    assert "antigravity" not in sys.modules


def test_method_of_a_trusted_type_is_named():
    file = of_object({"call": BiasRegressor().fit})
    with pytest.raises(ModelFileError, match=r"\['sklearn_anime.baseline._bias.BiasRegressor.fit'\]"):
        read(file)


# Content that trusted types cannot have


def test_lambda_in_a_keras_archive_is_refused(monkeypatch):
    numbers = keras.Input((2,))
    network, _, _ = fit("embedding")
    evil = _networks.to_archive(keras.Model(numbers, keras.layers.Lambda(lambda x: x + 1)(numbers)))
    monkeypatch.setattr(_networks, "to_archive", lambda model: evil)
    file = io.BytesIO()
    dump(network, file)
    with pytest.raises(ModelFileError, match=r"[Ll]ambda"):
        read(file.getvalue())


def test_bytes_that_are_no_keras_archive_are_refused(monkeypatch):
    monkeypatch.setattr(_networks, "to_archive", lambda model: b"nothing")
    file = io.BytesIO()
    dump(fit("embedding")[0], file)
    with pytest.raises(ModelFileError, match="Cannot read the model file: "):
        read(file.getvalue())


def test_bytes_that_are_no_index_are_refused():
    neighbors = fit("index")[0]
    parts = members(of_object(neighbors))
    name = next(name for name, part in parts.items() if b"IHNf" in part)
    array = io.BytesIO()
    np.save(array, np.frombuffer(b"nothing like an index", dtype=np.uint8))
    with pytest.raises(ModelFileError, match="Cannot read the model file: "):
        read(sealed({**parts, name: array.getvalue()}))


def test_sparse_matrix_that_points_outside_is_refused():
    matrix = sparse.csr_array(np.eye(3))
    matrix.indices[1] = 10**6
    with pytest.raises(ModelFileError, match="indices must be < 3"):
        read(of_object({"matrix": matrix}))


@pytest.mark.parametrize("name", ["item_codes", "indptr"])
def test_interactions_that_point_outside_are_refused(model, name):
    evil = deepcopy(model)
    getattr(evil.interactions_, name)[-1] = 10**6
    with pytest.raises(ModelFileError, match=r"indices must be|should match|Last value"):
        read(of_object(evil))


def test_text_that_is_no_text_does_not_end_the_process():
    text = Text(np.array([255, 254], dtype=np.uint8), np.array([0, 2]))
    with pytest.raises(UnicodeDecodeError):
        read(of_object(text)).unpack()


# Damage


def test_changed_content_does_not_have_its_digest(content):
    parts = members(content)
    parts["schema.json"] += b" "
    with pytest.raises(ModelFileError, match="damaged: its content does not have the SHA-256"):
        read(archive_of(parts).getvalue())


def test_renamed_member_does_not_have_the_digest(content):
    parts = members(content)
    name = next(name for name in parts if name.endswith(".npy"))
    parts["1.npy"] = parts.pop(name)
    with pytest.raises(ModelFileError, match="damaged"):
        read(archive_of(parts).getvalue())


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.9, 0.999])
def test_truncated_file_is_refused(content, share):
    with pytest.raises(ModelFileError, match=r"no archive of sklearn_anime\.io\.dump"):
        read(content[: int(share * len(content))])


def flipped(content, random_state):
    """Return a file with one byte changed, every other time in the directory at its end."""
    start = content.index(b"PK\x01\x02") if random_state.randint(2) else 0
    position = random_state.randint(start, len(content))
    changed = bytearray(content)
    changed[position] ^= random_state.randint(1, 256)
    return position, bytes(changed)


def assert_refused_or_same(content, seeds):
    """Check that a file with a flip is refused or holds the same model; return how often it does."""
    expected, same = pickle.dumps(read(content)), 0
    for seed in seeds:
        position, changed = flipped(content, np.random.RandomState(seed))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                loaded = read(changed)
            except ModelFileError:
                continue
        same += 1
        assert pickle.dumps(loaded) == expected, f"flip at {position} of seed {seed}"
    return same


def test_flipped_byte_is_refused_or_leaves_the_model_as_it_is(content):
    assert assert_refused_or_same(content, range(60)) < 30


@pytest.mark.slow
def test_many_flipped_bytes_are_refused_or_leave_the_model_as_it_is(content):
    assert assert_refused_or_same(content, range(1000, 1800)) < 400


# The process


def test_errors_leave_no_file_open(content, tmp_path):
    (tmp_path / "model.skops").write_bytes(content[:100])
    code = (
        "import sys\nfrom sklearn_anime.io import ModelFileError, load\n"
        "try:\n    load(sys.argv[1])\nexcept ModelFileError:\n    print('refused')"
    )
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", code, tmp_path / "model.skops"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.stdout.strip(), "ResourceWarning" in done.stderr) == ("refused", False)
