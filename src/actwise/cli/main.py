"""The entry point: every way in which a command can end, and its exit code.

0 done; 1 some runs failed; 2 usage or spec; 3 data or store; 4 stopped by --time-limit with runs
left; 70 a fault of actwise itself; 130 interrupted; 143 terminated.
"""

import gc
import io
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import typer

from ..errors import ActwiseError, StoreWarning, files_in_the_way
from .app import app

EXIT_INTERNAL = 70
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave the process with its exit code."""
    warnings.showwarning = _say_or(warnings.showwarning)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    exit_code = run_command(sys.argv[1:] if arguments is None else arguments)
    # At its end the interpreter searches all that torch has made for garbage: it takes 0.62 s to
    # end with torch imported and 0.14 s with this (n = 3, one core of an EPYC, Python 3.11).
    gc.freeze()
    sys.exit(exit_code)


def run_command(arguments: Sequence[str]) -> int:
    """Run one command; what goes wrong becomes one sentence on stderr.

    ``ACTWISE_DEBUG=1`` shows the traceback of an unexpected error.

    Returns:
        The exit code.
    """
    try:
        result = app(list(arguments), standalone_mode=False, prog_name="actwise")
        sys.stdout.flush()
    except typer.TyperException as error:
        # Without a message the help was asked for by giving nothing, and has been printed.
        message = error.format_message()
        return _refuse(message, error.exit_code) if message.strip() else error.exit_code
    except ActwiseError as error:
        return _refuse(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return EXIT_INTERRUPTED
    except typer.Exit as error:
        return error.exit_code
    except (BrokenPipeError, SystemExit):
        # The reader has gone (`| head`; click then ends the process): nobody is left to tell, and
        # Python's own flush at exit must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("ACTWISE_DEBUG"):
            traceback.print_exc()
        if blamed := files_in_the_way(traceback.format_exc(), sys.path[0]):
            return _refuse(f"{type(error).__name__}: {error}; {blamed}", ActwiseError.exit_code)
        return _refuse(
            f"a fault of actwise, {type(error).__name__}: {error}; please report it with what "
            "ACTWISE_DEBUG=1 prints",
            EXIT_INTERNAL,
        )
    return result if isinstance(result, int) else 0


def _say_or(show: Callable[..., Any]) -> Callable[..., Any]:
    """Shows what we warn of as one sentence, and everything else by ``show``."""

    def say(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, StoreWarning):
            _refuse(str(message), 0)
        else:
            show(message, category, *where, **more)

    return say


def _refuse(sentence: str, exit_code: int) -> int:
    sys.stderr.write("actwise: " + " ".join(sentence.split()) + "\n")
    return exit_code
