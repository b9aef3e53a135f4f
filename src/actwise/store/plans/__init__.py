"""What was fixed beforehand, and when it was looked at: plans, registrations, looks."""

from .adding import Asked as Asked
from .adding import insert_runs as insert_runs
from .adding import insert_study as insert_study
from .adding import mark_aliases as mark_aliases
from .looks import Look as Look
from .looks import count_results as count_results
from .looks import insert_look as insert_look
from .looks import read_looks as read_looks
from .outdated import Outdated as Outdated
from .outdated import Versions as Versions
from .outdated import read_changes as read_changes
from .outdated import read_mixtures as read_mixtures
from .outdated import read_versions as read_versions
from .outdated import what_changed as what_changed
from .plans import StoredRun as StoredRun
from .plans import StoredStudy as StoredStudy
from .plans import labels_of as labels_of
from .plans import read_levels as read_levels
from .plans import read_planned as read_planned
from .plans import read_studies as read_studies
from .plans import require_study as require_study
from .plans import text_and_hash as text_and_hash
from .registrations import Registration as Registration
from .registrations import read_registrations as read_registrations
from .registrations import register as register
