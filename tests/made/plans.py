"""Plans of a made data set and made networks, for tests that train nothing."""

from typing import Any

from actwise.spec import Description, RunSpec, StudySpec, parse_study


def describe(spec: RunSpec) -> Description:
    """A made data set of 1,000 images; models named residual have no dropout site."""
    regularization = spec.regularization
    if spec.model.startswith("residual"):
        regularization = "+".join(p for p in regularization.split("+") if p != "dropout")
    return Description(
        model=spec.model,
        regularization=regularization,
        activation=spec.activation,
        data_digest="d" * 64,
        code_digests=(),
        input_shape=(3, 32, 32),
        num_classes=10,
        num_train=1000,
        num_test=300,
        parameters=2000,
        macs=3000 if spec.model.startswith("residual") else 5000,
        memory_bytes=4000,
    )


def study(**changes: Any) -> StudySpec:
    values = {
        "name": "made",
        "seeds": [0, 5],
        "factors": {
            "dataset": ["made"],
            "model": ["stack", "residual"],
            "regularization": ["bn", "bn+dropout"],
            "activation": ["relu", "elu"],
        },
        "train": {"epochs": 10, "batch_size": 128},
    }
    return parse_study(values | changes, source="test")
