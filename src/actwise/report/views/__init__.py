"""An analysis as tables of words, found by their ids."""

from .cells import conditions_view as conditions_view
from .differences import choice_view as choice_view
from .sections import sections as sections
from .signal import further_views as further_views
from .signal import sites_view as sites_view
