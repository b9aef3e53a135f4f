"""Tables and reports for people and for other programs. Torch-free."""

from .formats import FORMATS as FORMATS
from .formats import render as render
from .formats import write as write
from .text import text_renderables as text_renderables
