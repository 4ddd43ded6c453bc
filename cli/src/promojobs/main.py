"""The command `promojobs`: what it ends with, whatever happens."""

import io
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from promojobs.errors import PromojobsError, WrongUse
from promojobs.output import Output
from promojobs.session import Terminated

_INTERRUPTED, _TERMINATED = 130, 143


def run() -> NoReturn:
    try:
        import click  # noqa: F401
    except ImportError:
        print("The command line needs more: pip install 'promojobs[cli]'", file=sys.stderr)
        sys.exit(1)
    sys.exit(_run())


def _run() -> int:
    """The exit code."""

    def terminate(_number: int, _frame: FrameType | None) -> NoReturn:
        raise Terminated

    signal.signal(signal.SIGTERM, terminate)
    for stream in (sys.stdout, sys.stderr):
        # What a terminal cannot show must not end the watching.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        from promojobs.commands import app

        app.main(prog_name="promojobs", standalone_mode=False)
        sys.stdout.flush()
    except Terminated:
        return _TERMINATED
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - each has its number, and no trace is shown
        return _ended_by(error)
    return 0


def _ended_by(error: BaseException) -> int:
    import click

    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case KeyboardInterrupt() | click.Abort():
            return _INTERRUPTED
        case BrokenPipeError():
            # The reader of the output has what it wanted: nothing more is flushed to it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
    told = _told(error)
    output = Output(as_json="--json" in sys.argv)
    if isinstance(error, click.UsageError) and not output.as_json:
        error.show()
    else:
        output.fail(told)
    return told.exit_code


def _told(error: BaseException) -> PromojobsError:
    import click

    match error:
        case PromojobsError():
            return error
        case click.UsageError():
            return WrongUse(error.format_message())
        case OSError():
            return PromojobsError(": ".join(filter(None, (error.filename, error.strerror))))
    return PromojobsError(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    run()
