"""Several arms against one control, or against the best: Dunnett 1955, Hsu 1984.

With independent means of variance v_i and a control of v_0, corr(T_i, T_j) = l_i l_j with
l_i^2 = v_0 / (v_0 + v_i). The product form reduces P(max T_i <= c) to an integral over the
control z and the pooled deviation s:

    P = E_s E_z prod_i Phi((c s + l_i z) / sqrt(1 - l_i^2))

(Dunnett 1955; Hochberg & Tamhane 1987, appendix 3). Shapes: M arms, S and Z nodes.
"""

import math
from collections.abc import Sequence
from functools import cache

import numpy as np

from ..model.distributions import deviation_nodes
from ..table.observations import Floats

_ALIKE = 1e-9
# Of quadratures. One deviation node more moves p by less than 1e-6 where variances are alike; with
# 1 df and 20 arms of a hundredth of the control's variance by 3e-4.
_CONTROL_NODES = 160
_DEVIATION_NODES = 64


def dunnett_p(
    statistics: Sequence[float],
    *,
    variances: Sequence[float],
    control_variance: float,
    df: float,
    two_sided: bool = True,
) -> list[float]:
    """Adjusted p values of arm minus control; NaN where a statistic or a variance is NaN.

    Args:
        statistics: t statistics.
        variances: Variance of each arm's mean, up to a common factor.
        control_variance: The same for the control.
        df: Degrees of freedom of the common residual variance; may be infinite.
        two_sided: Compare with the maximum of |T_i| instead of T_i.
    """
    variances_M = np.asarray(variances, dtype=np.float64)
    loadings_M = np.sqrt(control_variance / (control_variance + variances_M))
    return [
        math.nan
        if math.isnan(t)
        else _at_least_0(
            1.0 - _coverage(abs(t) if two_sided else t, loadings_M, df, two_sided=two_sided)
        )
        for t in statistics
    ]


def _at_least_0(p: float) -> float:
    return 0.0 if p < 0.0 else p  # NaN stays, where max(0.0, p) would be 0


def arm_variances(between_LL: Floats) -> Floats:
    """Variances v of L means from those of their differences, v_i + v_j.

    Exact for independent means, and where seeds are crossed blocks: these cancel. Least squares
    where seeds join the means unequally. All equal where no difference has a variance.

    Args:
        between_LL: Variance of each difference; 0 on the diagonal.
    """
    num_levels = len(between_LL)
    rows_L = between_LL.sum(axis=1)
    total = float(rows_L.sum()) / (2 * (num_levels - 1))
    if total == 0.0:
        return np.ones(num_levels)
    if num_levels == 2:
        return np.asarray(rows_L / 2)
    smallest = 1e-9 * total  # a known mean still needs a place between the others
    return np.asarray(np.maximum((rows_L - total) / (num_levels - 2), smallest))


def _coverage(bound: float, loadings_M: Floats, df: float, *, two_sided: bool) -> float:
    """P(max_i T_i <= bound), or of |T_i|."""
    from scipy.special import ndtr

    num_arms, is_alike = len(loadings_M), float(np.ptp(loadings_M)) <= _ALIKE
    if is_alike:  # one arm tells of all: 50 arms take as long as one
        loadings_M = loadings_M[:1]
    z_Z, z_weights_Z = _control_nodes()
    s_S, s_weights_S = deviation_nodes(df, _DEVIATION_NODES)
    width_M = np.sqrt(1.0 - loadings_M**2)
    shift_MZ = loadings_M[:, None] * z_Z / width_M[:, None]
    reach_MS = bound * s_S / width_M[:, None]
    inside_MSZ = ndtr(shift_MZ[:, None, :] + reach_MS[:, :, None])
    if two_sided:
        inside_MSZ = inside_MSZ - ndtr(shift_MZ[:, None, :] - reach_MS[:, :, None])
    product_SZ = inside_MSZ[0] ** num_arms if is_alike else np.prod(inside_MSZ, axis=0)
    return float(s_weights_S @ product_SZ @ z_weights_Z)


@cache
def _control_nodes() -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(_CONTROL_NODES)
    z_Z = 8.5 * nodes
    density_Z = weights * np.exp(-(z_Z**2) / 2)
    return z_Z, density_Z / density_Z.sum()
