"""Claims: hypotheses fixed beforehand, and whether they hold."""

from .claim import ClaimVerdict as ClaimVerdict
from .claim import ComponentResult as ComponentResult
from .files import mechanism_claims as mechanism_claims
from .files import paper_claims as paper_claims
from .files import read_claims as read_claims
from .judge import STANDING as STANDING
from .judge import ClaimResult as ClaimResult
from .judge import judge_claims as judge_claims
from .provenance import ClaimsOrigin as ClaimsOrigin
from .provenance import claims_origins as claims_origins
from .provenance import plan_origins as plan_origins
