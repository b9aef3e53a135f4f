"""The entry point: every way in which a command can end, and its exit code.

0 done; 1 some runs failed; 2 usage or spec; 3 data or store; 4 stopped by --time-limit with runs
left; 70 a fault of actwise itself; 74 output could not be written; 130 interrupted; 143 terminated.
"""

import gc
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TextIO

import typer
from typer.main import get_command

from ..errors import ActwiseError, SpecError, StoreWarning, files_in_the_way
from ..printable import printable
from .app import app
from .streams import give_up_lost_streams, prepare_streams

EXIT_FILES = 3
EXIT_INTERNAL = 70
EXIT_OUTPUT = 74
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave the process with its exit code."""
    warnings.showwarning = _warn
    prepare_streams()
    exit_code = run_command(sys.argv[1:] if arguments is None else arguments)
    # At its end the interpreter searches all that torch has made for garbage: it takes 0.62 s to
    # end with torch imported and 0.14 s with this (n = 3, one core of an EPYC, Python 3.11).
    gc.freeze()
    if give_up_lost_streams():
        exit_code = exit_code or EXIT_OUTPUT
    sys.exit(exit_code)


def run_command(arguments: Sequence[str]) -> int:
    """Run one command; what goes wrong becomes one sentence on stderr.

    ``ACTWISE_DEBUG=1`` shows the traceback of an unexpected error.

    Returns:
        The exit code.
    """
    try:
        _check_surroundings()
        result = _tree()(list(arguments), standalone_mode=False, prog_name="actwise")
        sys.stdout.flush()
    except typer.TyperException as error:
        # Without a message the help was asked for by giving nothing, and has been printed.
        message = error.format_message()
        return _refuse(message, error.exit_code) if message.strip() else error.exit_code
    except ActwiseError as error:
        return _refuse(error.typed, error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _refuse("stopped", EXIT_INTERRUPTED)
    except typer.Exit as error:
        return error.exit_code
    except (BrokenPipeError, SystemExit) as error:
        if isinstance(error, SystemExit) and not isinstance(error.__context__, OSError):
            sys.stdout.flush()  # so ends what installs completion
            return error.code if isinstance(error.code, int) else 0
        # The reader has gone (`| head`; click then ends the process): nobody is left to tell, and
        # Python's own flush at exit must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("ACTWISE_DEBUG"):
            sys.stderr.write(printable(traceback.format_exc(), keep="\n"))
        if blamed := files_in_the_way(traceback.format_exc(), sys.path[0]):
            return _refuse(f"{type(error).__name__}: {error}; {blamed}", ActwiseError.exit_code)
        if isinstance(error, RuntimeError) and str(error).startswith("Symlink loop"):
            return _refuse(str(error), EXIT_FILES)  # of Path.resolve before Python 3.13
        if isinstance(error, OSError):
            where = "" if error.filename is None else f"{os.fsdecode(error.filename)!r}: "
            return _refuse(f"{where}{error.strerror or error}", EXIT_FILES)
        return _refuse(
            f"a fault of actwise, {type(error).__name__}: {error}; please report it with what "
            "ACTWISE_DEBUG=1 prints",
            EXIT_INTERNAL,
        )
    return result if isinstance(result, int) else 0


@cache
def _tree() -> Callable[..., object]:
    """All commands; to build it takes 20 ms, as long as many a command."""
    return get_command(app)


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Shows what we warn of as one sentence, everything else as Python does, but printable."""
    if issubclass(category, StoreWarning):
        _refuse(str(message), 0)
        return
    text = warnings.formatwarning(message, category, filename, lineno, line)
    with suppress(OSError, ActwiseError):
        (file or sys.stderr).write(printable(text, keep="\n"))


def _check_surroundings() -> None:
    """Refuse what no command can work with.

    Raises:
        SpecError: without a working directory.
    """
    try:
        Path.cwd()
    except OSError as error:
        raise SpecError(
            f"the working directory is gone ({error.strerror}); go to another"
        ) from None


def _refuse(sentence: str, exit_code: int) -> int:
    with suppress(OSError, ActwiseError):  # nobody can be told
        sys.stderr.write(f"actwise: {printable(' '.join(sentence.split()))}\n")
    return exit_code
