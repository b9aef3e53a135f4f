"""An analysis as tables of words, found by their ids."""

from .cells import conditions_view as conditions_view
from .differences import choice_view as choice_view
from .sections import sections as sections
