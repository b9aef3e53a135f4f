"""What a training leaves behind, as plain data: records, classes of images, and where it ran."""

from .classes import Answers as Answers
from .classes import hash_predictions as hash_predictions
from .classes import pack_predictions as pack_predictions
from .classes import unpack_predictions as unpack_predictions
from .environment import environment as environment
from .environment import fingerprint as fingerprint
from .environment import fingerprint_id as fingerprint_id
from .metrics import MOST_METRICS as MOST_METRICS
from .metrics import MOST_NUMBERS as MOST_NUMBERS
from .metrics import Metrics as Metrics
from .metrics import pack_metrics as pack_metrics
from .metrics import unpack_metrics as unpack_metrics
from .probes import PROBE_COLUMNS as PROBE_COLUMNS
from .probes import ProbeRow as ProbeRow
from .probes import is_shifted as is_shifted
from .probes import observed_probes as observed_probes
from .probes import pack_probes as pack_probes
from .probes import probes_of as probes_of
from .probes import problem_of_probes as problem_of_probes
from .probes import unpack_probes as unpack_probes
from .records import LAST_ONLY as LAST_ONLY
from .records import EpochRecord as EpochRecord
from .records import RunRecord as RunRecord
from .records import Status as Status
