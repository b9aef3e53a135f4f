"""What is put into a model instead, and the way back."""

from .changes import Changes as Changes
from .changes import slots_of as slots_of
from .changes import unshare as unshare
from .gain import rescale as rescale
from .making import LevelOrCode as LevelOrCode
from .making import as_activation as as_activation
from .report import Miss as Miss
from .report import SwapReport as SwapReport
from .report import Undo as Undo
from .trained import warning_if_trained as warning_if_trained
