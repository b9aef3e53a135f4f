"""Signal flow: what becomes of values and gradients at every activation of any model."""

from .diagnosis import diagnose as diagnose
from .levels import diagnose_level as diagnose_level
from .levels import number_of as number_of
from .levels import source_of as source_of
from .levels import training_images as training_images
from .measure import measure as measure
from .probes import ProbeObserver as ProbeObserver
from .probes import probe_rows as probe_rows
from .probes import reestimated_for_test as reestimated_for_test
from .reestimation import reestimate as reestimate
from .signal import LearnedParameter as LearnedParameter
from .signal import NormSignal as NormSignal
from .signal import SiteSignal as SiteSignal
from .signal import SumSignal as SumSignal
from .signal_report import DEFAULT_IMAGES as DEFAULT_IMAGES
from .signal_report import SignalFinding as SignalFinding
from .signal_report import SignalReport as SignalReport
