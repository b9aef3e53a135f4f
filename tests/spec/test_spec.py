"""Studies, runs and their identity."""

from pathlib import Path

import pytest

from actwise.errors import SpecError
from actwise.spec import (
    Description,
    RunSpec,
    StudySpec,
    TrainSpec,
    cell_hash,
    code_modules_in,
    load_study,
    parse_study,
    run_id,
    spec_hash,
)
from actwise.usercode import digest_of_modules

FACTORS = {
    "dataset": ["cifar10"],
    "model": ["vgg16", "resnet18"],
    "regularization": ["bn", "bn+aug"],
    "activation": ["relu", "elu(0.5)"],
}
STUDY = """
name = "small"
seeds = "0..2"
[factors]
dataset = ["cifar10"]
model = ["vgg16"]
regularization = ["bn"]
activation = ["relu"]
[train]
epochs = 30
schedule = "cosine"
"""


def described(**changes: object) -> Description:
    values: dict[str, object] = {
        "model": "vgg16",
        "regularization": "bn",
        "activation": "elu(alpha=0.5)",
        "data_digest": "d" * 64,
        "code_digests": (),
        "input_shape": (3, 32, 32),
        "num_classes": 10,
        "num_train": 50_000,
        "num_test": 10_000,
        "parameters": 1,
        "macs": 1,
        "memory_bytes": 1,
    }
    return Description(**(values | changes))  # type: ignore[arg-type]


def spec(**changes: object) -> RunSpec:
    values: dict[str, object] = {
        "dataset": "cifar10",
        "model": "vgg16",
        "regularization": "bn",
        "activation": "elu(0.5)",
        "seed": 0,
    }
    return RunSpec.model_validate(values | changes)


def study(**changes: object) -> StudySpec:
    return parse_study({"name": "s", "factors": FACTORS} | changes, source="test")


@pytest.fixture
def study_file(tmp_path: Path) -> str:
    path = tmp_path / "small.toml"
    path.write_text(STUDY)
    return str(path)


def test_ids_are_golden() -> None:
    cell = cell_hash(spec(), described())
    assert cell == "b10e642aeaa6893c720c2bc241d22229"
    assert spec_hash(cell, 0) == "d5311dc428f760ecbad6b316ad0e24ed"
    assert run_id(spec_hash(cell, 0), 1) == "a5b7ad49f287d7c72357"
    other = spec(width=0.25, train={"epochs": 10, "schedule": "onecycle", "precision": "bfloat16"})
    assert cell_hash(other, described()) == "c450b1999e59e65894288c681e063579"


def test_a_setting_written_at_its_default_changes_no_id() -> None:
    written = spec(width=1, train={"epochs": 200, "learning_rate": 0.1, "init": "he"})
    assert cell_hash(written, described()) == cell_hash(spec(), described())


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 0.5},
        {"train": {"epochs": 10}},
        {"train": {"precision": "tf32"}},
        {"train": {"compile": True}},
        {"train": {"train_size": 100}},
    ],
)
def test_every_setting_that_is_trained_changes_the_id(changes: dict[str, object]) -> None:
    assert cell_hash(spec(**changes), described()) != cell_hash(spec(), described())


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ({"train_size": 50_000}, {}),
        (
            {"train_size": 45_000, "validation_fraction": 0.1},
            {"validation_fraction": 0.1},
        ),
        ({"validation_fraction": 0.3333}, {"validation_fraction": 0.333}),
        ({"validation_fraction": -0.0}, {}),
        ({"weight_decay": -0.0}, {"weight_decay": 0}),
        ({"momentum": -0.0}, {"momentum": 0}),
    ],
)
def test_one_training_has_one_id(written: dict[str, object], same: dict[str, object]) -> None:
    def cell(train: dict[str, object]) -> str:
        return cell_hash(spec(train=train), described())

    assert cell(written) == cell(same)


def test_folds_of_two_sizes_make_all_images_of_one_a_number_of_its_own() -> None:
    thirds = {"validation_fraction": 0.333}
    counted = spec(train=thirds | {"train_size": 33_333})
    assert cell_hash(counted, described()) != cell_hash(spec(train=thirds), described())


def test_data_and_code_enter_the_id_and_the_path_does_not() -> None:
    ours = cell_hash(spec(), described())
    assert cell_hash(spec(dataset="parquet:elsewhere"), described()) == ours
    assert cell_hash(spec(), described(data_digest="e" * 64)) != ours
    assert cell_hash(spec(), described(code_digests=(("my:Act", "1"),))) != ours


def test_the_engine_version_changes_the_run_and_not_the_specification() -> None:
    hashed = spec_hash(cell_hash(spec(), described()), 0)
    assert run_id(hashed, 1) != run_id(hashed, 2)
    assert spec_hash("cell", 0) != spec_hash("cell", 1)


def test_cells_are_the_product_less_the_excluded() -> None:
    assert len(list(study().cells())) == 8
    rule = {"model": "resnet18", "regularization": "bn"}
    cells = list(study(exclude=[rule]).cells())
    assert len(cells) == 6
    assert not any(c.model == "resnet18" and c.regularization == "bn" for c in cells)


def test_training_settings_and_width_can_be_factors() -> None:
    factors = FACTORS | {"train.learning_rate": [0.03, 0.3], "width": [0.25, 1]}
    cells = list(study(factors=factors, train={"epochs": 5}).cells())
    assert len(cells) == 32
    assert {(c.width, c.train.learning_rate, c.train.epochs) for c in cells} == {
        (w, r, 5) for w in (0.25, 1.0) for r in (0.03, 0.3)
    }


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [("0..2", (0, 1, 2)), (0, (0,)), (1, (1,)), ([4], (4,)), ([1, "5..6"], (1, 5, 6))],
)
def test_seeds_may_be_ranges(seeds: object, expected: tuple[int, ...]) -> None:
    assert study(seeds=seeds).seeds == expected


def test_overrides_replace_levels_settings_and_seeds(study_file: str) -> None:
    changed = load_study(
        study_file,
        ["factors.activation=relu,elu(0.5,x)", "train.epochs=3", "seeds=1..2", "width=0.25"],
    )
    assert changed.factors["activation"] == ("relu", "elu(0.5,x)")
    assert (changed.train.epochs, changed.seeds, changed.width) == (3, (1, 2), 0.25)
    assert load_study(study_file, ["factors.regularization=none"]).factors["regularization"] == (
        "none",
    )
    assert load_study(Path(study_file)) == load_study(study_file)
    assert load_study(study_file, ["train.train_size=none"]).train.train_size is None


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("train.epoch=3", "did you mean epochs"),
        ("train.epochs=x", "train.epochs='x'"),
        ("train.epochs=0", "train.epochs=0"),
        ("train.learning_rate=nan", "learning_rate"),
        ("train.schedule=cosin", "'cosine'"),
        ("train.plateau_patience=3", "no effect"),
        ("train.warmup_epochs=30", "below epochs"),
        ("nmae=x", "did you mean name"),
        ("name=a/b", "name='a/b'"),
        ("factors.activations=relu", "did you mean activation"),
        ("factors.activation=relu,relu", "twice"),
        ("seeds=a..b", "range such as 0..9"),
        ("seeds=1,1", "distinct"),
        ("labels.relv=R", "^no level in labels is named 'relv'; did you mean relu"),
        ("labels.relu=bn", "^study '[^']*': labels: 'relu' would be shown as 'bn', as the level"),
        ("labels.activation=x", "^study '[^']*': labels: 'activation' is a factor"),
        ("labels.relu=", "^study '[^']*': labels: the name of 'relu' is ''; 1 to 80 characters"),
        ("seeds=4..1", "^study '[^']*': seeds='4..1' holds no seed; .* upwards: 1..4$"),
        ("seeds=0,9223372036854775808", r"from 0 to 2\*\*63 - 1"),
        ("seeds=0..999999999999", "more than 1000000 seeds"),
        (f"train.epochs={'1' * 400}", "train.epochs=inf"),
        ("train.validation_fraction=0.33", "0.33 is not one of .* write 0.25 or 0.333333"),
        ("train.validation_fraction=0.4", "0.4 is not one of .* write 0.333333 or 0.5"),
        ("train.step_milestones=0.5,0.2", "rising fractions"),
        ("factors.train.epochs=5,x", "train.epochs='x'"),
        ("factors.width=1,1.0", "'width' lists a level twice"),
        ("factors.width=0,1", "width=0: .*greater than 0"),
        ("factors.train.learning_rate=1,1.0", "twice"),
        ("factors.train.step_milestones=0.5,0.2", "train.step_milestones"),
        ("factors.activation=1", "activation=1: .*string"),
        ("factors.regularization=bn+aug,bn + aug", "twice"),
        ("looks=5,3", "rising"),
        ("width=0", "width"),
        ("looks=1,3", "at least 2"),
        ("epochs", "key=value"),
        ("epochs=3", "write train.epochs"),
        ("test_curve=on", "write observe.test_curve"),
        ("activation=relu", "write factors.activation"),
        ("train.epochs=3,5", "what varies is a factor: factors.train.epochs"),
        ("train=3", "train=3: a table of settings is expected"),
        ("exclude=relu", "exclude='relu': a list is expected"),
        ("name.first=x", "not a table"),
    ],
)
def test_a_wrong_override_is_refused(study_file: str, override: str, complaint: str) -> None:
    with pytest.raises(SpecError, match=complaint):
        list(load_study(study_file, [override]).cells())


def test_a_missing_factor_and_a_missing_study_are_named() -> None:
    with pytest.raises(SpecError, match=r"^study 'test': there is no level of the factor 'model'"):
        study(factors={k: v for k, v in FACTORS.items() if k != "model"})
    with pytest.raises(
        SpecError, match=r"no study is named 'papr'; did you mean paper.*path of a .toml file"
    ):
        load_study("papr")
    with pytest.raises(SpecError, match="cannot be read"):
        load_study("missing.toml")


def test_settings_without_effect_are_refused() -> None:
    with pytest.raises(ValueError, match="nesterov has no effect"):
        TrainSpec(optimizer="adamw", nesterov=True)
    with pytest.raises(ValueError, match="needs validation_fraction"):
        TrainSpec(plateau_monitor="validation_loss")


MODULES = {"acts": "a" * 32, "helper": "b" * 32}


def test_the_modules_of_a_code_digest_are_read_from_settings() -> None:
    digest = digest_of_modules(MODULES)
    settings = {"code": [["acts:f", digest]], "code_modules": {digest: MODULES}}
    assert code_modules_in(settings) == {digest: MODULES}
    assert code_modules_in({"code": [["acts:f", digest]]}) == {}


@pytest.mark.parametrize(
    "modules",
    [
        [],
        "text",
        {digest_of_modules(MODULES): {"acts": "a" * 32}},
        {digest_of_modules(MODULES): {"acts": 1}},
        {digest_of_modules(MODULES): ["acts"]},
        {digest_of_modules(MODULES): None},
        {"f" * 64: MODULES},
        {digest_of_modules({}): {}},
    ],
)
def test_modules_that_make_no_code_digest_of_the_settings_are_refused(modules: object) -> None:
    settings = {"code": [["acts:f", digest_of_modules(MODULES)]], "code_modules": modules}
    with pytest.raises(SpecError, match=r"code_modules must be|does not follow from its modules"):
        code_modules_in(settings)


def test_names_of_levels_are_no_part_of_a_run_and_outlive_a_level_left_out(
    study_file: str,
) -> None:
    path = Path(study_file)
    written = STUDY.replace('["relu"]', '["relu", "elu(0.5)"]')
    path.write_text(written)
    plain = load_study(study_file, ["factors.activation=relu"])
    path.write_text(written + '[labels]\nrelu = "ReLU"\n"elu(0.5)" = "half ELU"\n')
    named = load_study(study_file, ["factors.activation=relu", "labels.bn=batch norm, alone"])
    assert named.labels == {"relu": "ReLU", "elu(0.5)": "half ELU", "bn": "batch norm, alone"}
    assert list(named.cells()) == list(plain.cells())
