"""The command line: thin. A command parses, calls one function, prints."""

from .main import main as main
