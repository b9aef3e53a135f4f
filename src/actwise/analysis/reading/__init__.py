"""Where runs come from: a store, a CSV file, a bank, or rows at hand, all as StudyResults."""

from .bank import Bank as Bank
from .bank import Summary as Summary
from .bank import bank_names as bank_names
from .bank import load_bank as load_bank
from .bank import summaries as summaries
from .curves import LearningCurve as LearningCurve
from .files import read_file as read_file
from .files import read_table_rows as read_table_rows
from .opening import Results as Results
from .opening import open_source as open_source
from .predictions import MOST_RUNS as MOST_RUNS
from .predictions import Correct as Correct
from .published import read_bank as read_bank
from .selection import USUAL_FACTORS as USUAL_FACTORS
from .selection import Row as Row
from .selection import Selection as Selection
from .selection import level_text as level_text
from .signal import PROFILES as PROFILES
from .signal import SIGNAL_RESPONSES as SIGNAL_RESPONSES
from .signal import SignalProfile as SignalProfile
from .store import results_of as results_of
from .store import runs_of as runs_of
from .study_results import StudyResults as StudyResults
from .study_results import level_times as level_times
