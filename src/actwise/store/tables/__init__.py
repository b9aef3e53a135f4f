"""A store as Arrow tables, and the conditions that choose their rows."""

from .arrow import array_of as array_of
from .arrow import read_of_runs as read_of_runs
from .beside import environments_table as environments_table
from .beside import looks_table as looks_table
from .beside import studies_table as studies_table
from .beside import study_runs_table as study_runs_table
from .exported import EXPORTED as EXPORTED
from .filters import is_any as is_any
from .filters import keep_where as keep_where
from .filters import parse_where as parse_where
from .filters import refuse_unknown as refuse_unknown
from .runs import OUTDATED as OUTDATED
from .runs import RESTORED as RESTORED
from .runs import answers_table as answers_table
from .runs import epochs_table as epochs_table
from .runs import packed_probes_table as packed_probes_table
from .runs import predictions_table as predictions_table
from .runs import probes_table as probes_table
from .runs import runs_table as runs_table
from .tasks import METRIC as METRIC
from .tasks import SETTING as SETTING
from .tasks import in_full as in_full
from .tasks import is_task as is_task
from .tasks import own_settings as own_settings
from .tasks import setting_of as setting_of
from .tasks import sum_curves as sum_curves
