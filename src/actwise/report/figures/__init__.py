"""Pictures: the forest plot of the first screen, curves, and how they become SVG."""

from .axes import NARROW as NARROW
from .axes import WIDE as WIDE
from .drawing import Drawing as Drawing
from .drawing import nested_svg_style as nested_svg_style
from .drawing import svg_style as svg_style
from .drawing import to_svg as to_svg
from .figures import curve_figures as curve_figures
from .figures import summary_figure as summary_figure
from .figures import write_figures as write_figures
from .pdf import new_figure as new_figure
from .pdf import to_pdf as to_pdf
from .signal import signal_figures as signal_figures
