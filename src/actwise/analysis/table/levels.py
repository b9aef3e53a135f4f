"""What a level of a factor says beside its name: whether it augments, which kind a network is."""

from ...errors import SpecError
from ...registry import parse_expression

AUGMENTING = frozenset({"aug", "flip", "crop"})


def is_augmented(regularization: str) -> bool:
    """Whether a level of regularization has a flip or a crop; a word that is no level has none."""
    return any(name in AUGMENTING for name, _ in _parts(regularization))


def without_augmentation(regularization: str) -> str:
    """The level without its flips and crops; a word that is no level stays as it is."""
    parts = _parts(regularization)
    if not parts:
        return regularization
    return "+".join(text for name, text in parts if name not in AUGMENTING) or "none"


def is_residual(model: str) -> bool:
    """Whether a network has shortcuts, which its name tells."""
    return model.startswith("resnet")


def plain_twin(model: str) -> str:
    """The same network without its shortcuts, by its name."""
    return model.replace("resnet", "plain", 1)


def _parts(regularization: str) -> list[tuple[str, str]]:
    """(name, whole) of each part; nothing for a word that is no level."""
    try:
        parts = parse_expression(regularization, kind="regularization")
    except SpecError:
        return []
    return [(part.name, str(part)) for part in parts]
