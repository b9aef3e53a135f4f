"""How far runs can be trusted: findings, outliers, single seeds, published figures."""

from .facts import Facts as Facts
from .findings import ALIKE as ALIKE
from .findings import FINDINGS as FINDINGS
from .findings import Finding as Finding
from .findings import find_all as find_all
from .in_records import due_runs as due_runs
from .outliers import outlier_runs as outlier_runs
from .published import Recomputed as Recomputed
from .published import check_published as check_published
from .without_seed import Checks as Checks
from .without_seed import without_each_seed as without_each_seed
