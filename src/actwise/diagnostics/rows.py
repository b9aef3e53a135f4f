"""From sums to the rows of a report."""

import math
from collections.abc import Callable, Sequence

from torch import Tensor

from ..surgery import Site
from .signal import LearnedParameter, NormSignal, SiteSignal, SumSignal
from .units import AddedSums, NormSums, UnitSums
from .watch import SiteSums

NEARLY = 1e-3


def site_rows(found: Sequence[tuple[Site, SiteSums]]) -> tuple[SiteSignal, ...]:
    """A row for each site, in the order of their first calls."""
    rows: list[SiteSignal] = []
    before: SiteSignal | None = None
    for site, sums in found:
        row = _site_row(site, sums, before, depth=len(rows))
        rows.append(row)
        before = row if row.is_activation else before
    return tuple(rows)


def norm_row(name: str, sums: NormSums) -> NormSignal:
    """One batch norm."""
    difference_C = sums.seen.mean_C - sums.mean_C
    variance_C = sums.seen.squares / sums.seen.num_values
    running_C = sums.variance_C + sums.eps
    return NormSignal(
        name=name,
        channels=len(running_C),
        variance_ratio=((variance_C + sums.eps) / running_C).log().mean().exp().item(),
        mean_difference=(difference_C.square() / running_C).mean().sqrt().item(),
        values=sums.seen.num_values,
        is_fitted=bool((sums.mean_C != 0).any() or (sums.variance_C != 1).any()),
    )


def sum_row(name: str, sums: AddedSums) -> SumSignal:
    """One addition of a shorter and a longer way."""
    shortcut, branch, both = (square / sums.num_values for square in sums.squares)
    return SumSignal(name=name, shortcut_energy=shortcut, branch_energy=branch, sum_energy=both)


def _site_row(site: Site, sums: SiteSums, before: SiteSignal | None, *, depth: int) -> SiteSignal:
    parts = [units for units, _ in sums.parts.values()]
    total = {
        key: sum(units.sums[key].sum().item() for units in parts)
        for key in parts[0].sums
        if all(key in units.sums for units in parts)
    }
    values = sum(units.num_values * units.num_units for units in parts)
    share = {key: value / values for key, value in total.items()}
    has_slopes = all(units.has_slopes for units in parts)
    rank, ranked = parts[0].effective_rank() if len(parts) == 1 else (None, 0)
    second = share["f_square"]
    ratio = None
    if before is not None and site.is_activation and before.second_moment > 0:
        ratio = second / before.second_moment
    return SiteSignal(
        name=site.name,
        kind=site.kind,
        activation=site.activation,
        role=site.role,
        place=site.place,
        depth=depth,
        images=sums.images,
        units=sum(units.num_units for units in parts),
        calls=site.calls,
        values=values,
        nonfinite=round(total["nonfinite"]),
        dead=_counted(parts, lambda u: u.dead_C(0.0)) if has_slopes else None,
        nearly_dead=_counted(parts, lambda u: u.dead_C(NEARLY)) if has_slopes else None,
        constant=_counted(parts, lambda u: u.constant_C),
        blocked=_counted(parts, lambda u: u.slope_high < NEARLY) if has_slopes else None,
        zero_fraction=share["zero"],
        blocked_fraction=share.get("slope_blocked") if has_slopes else None,
        low_slope_fraction=share.get("slope_low") if has_slopes else None,
        slope_second_moment=share.get("slope_square") if has_slopes else None,
        saturated_fraction=share.get("saturated"),
        is_bounded=all(k.low is not None and k.high is not None for _, k in sums.parts.values()),
        mean=share["f"],
        mean_shift=share["f"] - share["z"] if "z" in share else None,
        input_second_moment=share.get("z_square", math.nan),
        second_moment=second,
        second_moment_ratio=ratio,
        gradient_norm=_gradient_norm(sums),
        effective_rank=rank,
        rank_units=ranked,
        learned=tuple(_learned(name, value) for name, value in sums.parameters.items()),
        dead_units=_dead_units(parts[0]) if has_slopes and len(parts) == 1 else (),
    )


def _counted(parts: Sequence[UnitSums], which: Callable[[UnitSums], Tensor]) -> int:
    return sum(int(which(units).sum()) for units in parts)


def _dead_units(units: UnitSums) -> tuple[int, ...]:
    return tuple(units.dead_C(0.0).nonzero().flatten().tolist())


def _gradient_norm(sums: SiteSums) -> float | None:
    if not sums.has_gradient or not sums.images:
        return None
    return math.sqrt(sums.gradient_square / sums.images)


def _learned(name: str, value: Tensor) -> LearnedParameter:
    values = value.detach().double()
    return LearnedParameter(
        name, values.numel(), values.mean().item(), values.min().item(), values.max().item()
    )
