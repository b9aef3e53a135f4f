"""A model with another activation: slots get new modules, other calls are rewritten."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Literal

from torch import nn

from ..activations import BoundActivation
from ..errors import ModelWarning, SpecError, UnknownNameError
from .audit import Example, Recording, as_audit, record
from .changing import (
    Changes,
    LevelOrCode,
    Miss,
    SwapReport,
    Undo,
    as_activation,
    rescale,
    slots_of,
    unshare,
    warning_if_trained,
)
from .finding import Audit, FoundSite, Site, SiteKey

Pick = str | Sequence[str] | Callable[[Site], bool]
Init = Literal["keep", "gain"]

_MOST_NAMED = 3


def swap(
    model: nn.Module,
    level: LevelOrCode,
    *,
    example: Example,
    include: Pick | None = None,
    exclude: Pick | None = None,
    init: Init = "keep",
) -> SwapReport:
    """Put another activation at every site of a model whose role is ``activation`` or ``glu``.

    A module is replaced in its slot. A call of a function, and a module called at several places
    where the new activation has parameters, is rewritten in a subclass of its owner's class: each
    place has parameters of its own, one for each channel where the level says so. The model is
    changed in place, then runs once in each mode; it is left as it was if that fails.

    Args:
        model: Any ``nn.Module``. Optimizers built before lack the new parameters.
        level: A level such as ``"elu(0.5)"`` or ``"package.module:Name"``, or code: a module
            class or function that makes modules (given ``channels=`` if it takes it), a module
            to copy, or a plain function of a tensor.
        example: An input, as :func:`actwise.audit` takes it.
        include: Only these sites: patterns of their names (``"layer1.*"``), which take what acts
            on the model's input too, or a function of a site, which is asked about all but softmax.
        exclude: Not these sites.
        init: ``keep`` leaves all weights alone. ``gain`` multiplies the weights (not the biases)
            of each convolution and linear layer that feeds replaced sites, and these alone,
            directly, without a norm or a sum between, by the new activation's gain over the old
            one's, as for weights drawn anew with :func:`actwise.gain`.

    Raises:
        SpecError: if the level is none, a pattern fits no site, the model does not run on the
            example, or does not run after the swap, which is undone then.
    """
    if init not in ("keep", "gain"):
        raise SpecError(f"init is {init!r}; expected 'keep' or 'gain'")
    bound = as_activation(level)
    before = record(model, example)
    audited = as_audit(before)
    wanted = _chosen(before, audited, include, exclude)
    undo = Undo()
    try:
        done = _changed(before, wanted, bound, example, undo)
        notes = [*audited.warnings, *warning_if_trained(model), *done.warnings]
        notes += _kept_of_input(audited, exclude) if include is None else []
        if init == "gain":
            replaced = [before.found[key] for key in wanted if key not in done.missed]
            notes += rescale(before, replaced, bound, undo)
    except BaseException:
        undo.run()
        raise
    undo.stand(model)
    sites = dict(zip(before.found, audited, strict=True))
    report = SwapReport(
        audit=audited,
        level=bound.canonical,
        replaced=tuple(sites[key] for key in wanted if key not in done.missed),
        missed=tuple(Miss(sites[key], done.missed[key]) for key in wanted if key in done.missed),
        warnings=tuple(notes),
        _undo=undo,
    )
    for sentence in report.warnings:
        warnings.warn(sentence, ModelWarning, stacklevel=2)
    return report


def _changed(
    before: Recording,
    wanted: Sequence[SiteKey],
    bound: BoundActivation,
    example: Example,
    undo: Undo,
) -> Changes:
    """The changes after which all that was replaced runs; others are undone and left out."""
    barred: dict[SiteKey, str] = {}
    while True:
        recording, originals = _unshared(before, wanted, bound, example, undo)
        changes = Changes(recording, bound, undo)
        first = {key: _first_key(key, found, originals) for key, found in recording.found.items()}
        open_ = {
            key: recording.found[key]
            for key, known in first.items()
            if known in wanted and known not in barred
        }
        changes.replace(open_)
        changes.missed = {first[key]: why for key, why in changes.missed.items()} | barred
        unreached = {first[key] for key in _unreached(changes, before, bound, example)}
        if not unreached:
            return changes
        undo.run()
        why = "the model goes on with the call that it made before"
        barred.update(dict.fromkeys(unreached, why))


def _unshared(
    before: Recording,
    wanted: Sequence[SiteKey],
    bound: BoundActivation,
    example: Example,
    undo: Undo,
) -> tuple[Recording, Mapping[nn.Module, nn.Module]]:
    """The model with one slot for each module that gets parameters, and how it runs then."""
    if not bound.learnable:
        return before, {}
    slots = slots_of(before.model)
    modules = dict.fromkeys(before.found[key].module for key in wanted)
    shared = [m for m in modules if m is not None and len(slots.get(m, ())) > 1]
    if not shared:
        return before, {}
    originals = unshare(before.model, shared, undo)
    return record(before.model, example), originals


def _first_key(key: SiteKey, found: FoundSite, originals: Mapping[nn.Module, nn.Module]) -> SiteKey:
    """The key that a site had before its module became several."""
    module = found.module
    return (id(originals[module]), key[1]) if module is not None and module in originals else key


def _unreached(
    changes: Changes,
    before: Recording,
    bound: BoundActivation,
    example: Example,
) -> set[SiteKey]:
    """Run the changed model; the sites whose new module did not run, or whose old call did.

    Raises:
        SpecError: if the model runs no more.
    """
    what = f"after the swap to {bound.canonical} (it is undone)"
    try:
        after = record(before.model, example)
    except SpecError as error:
        raise SpecError(f"{what}: {error}") from error
    new_faults = after.faults.keys() - before.faults.keys()
    for phase in new_faults:
        raise SpecError(
            f"{what}: {type(before.model).__name__} in {phase} mode raised {after.faults[phase]}"
        )
    ran = {found.module for found in after.found.values()}
    unreached = {key for new, keys in changes.new.items() if new not in ran for key in keys}
    still = {key for keys in changes.new.values() for key in keys} & after.found.keys()
    return unreached | still


def _chosen(
    recording: Recording, audited: Audit, include: Pick | None, exclude: Pick | None
) -> list[SiteKey]:
    """The sites to replace.

    Raises:
        UnknownNameError: if a pattern fits no site.
    """
    included, excluded = _test(include, audited), _test(exclude, audited)
    return [
        key
        for key, site in zip(recording.found, audited, strict=True)
        if (include is None or included(site)) and not excluded(site) and _is_open(site, include)
    ]


def _is_open(site: Site, include: Pick | None) -> bool:
    """Whether a site of this role is replaced by such a choice."""
    if site.is_activation:
        return True
    if callable(include):
        return site.role != "softmax"
    return include is not None and site.role == "input"


def _kept_of_input(audited: Audit, exclude: Pick | None) -> list[str]:
    """A sentence on the sites that might be expected to change, and do not."""
    excluded = _test(exclude, audited)
    names = [site.name for site in audited if site.role == "input" and not excluded(site)]
    if not names:
        return []
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    listed = f"{', '.join(names[:_MOST_NAMED])}{more}"
    return [
        f"{'1 site acts' if len(names) == 1 else f'{len(names)} sites act'} on the model's input, "
        f"before any parameter, and {'stays' if len(names) == 1 else 'stay'} ({listed}); "
        "aw.swap(include=...) takes what it names"
    ]


def _test(pick: Pick | None, audited: Audit) -> Callable[[Site], bool]:
    if pick is None:
        return lambda _: False
    if callable(pick):
        return pick
    if not isinstance(pick, Iterable):
        raise SpecError(f"{pick!r} picks no sites; expected patterns of their names or a function")
    patterns = [pick] if isinstance(pick, str) else list(pick)
    for pattern in patterns:
        if not any(fnmatchcase(site.name, pattern) for site in audited):
            raise UnknownNameError("site", pattern, [site.name for site in audited])
    return lambda site: any(fnmatchcase(site.name, pattern) for pattern in patterns)
