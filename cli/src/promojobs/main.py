"""The command `promojobs`: what it ends with, whatever happens."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

_USAGE, _INTERRUPTED, _TERMINATED = 2, 130, 143


def run() -> NoReturn:
    try:
        import click  # noqa: F401
    except ImportError:
        print("The command line needs more: pip install 'promojobs[cli]'", file=sys.stderr)
        sys.exit(1)
    sys.exit(_run())


def _run() -> int:
    """The exit code."""
    from promojobs.commands import app
    from promojobs.errors import PromojobsError
    from promojobs.output import Output
    from promojobs.session import Terminated

    def terminate(_number: int, _frame: FrameType | None) -> NoReturn:
        raise Terminated

    signal.signal(signal.SIGTERM, terminate)
    try:
        app.main(prog_name="promojobs", standalone_mode=False)
    except PromojobsError as error:
        Output(as_json="--json" in sys.argv).fail(error)
        return error.exit_code
    except Terminated:
        return _TERMINATED
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - each has its number, and no trace is shown
        return _ended_by(error)
    return 0


def _ended_by(error: BaseException) -> int:
    import click

    from promojobs.errors import PromojobsError, WrongUse
    from promojobs.output import Output

    is_json = "--json" in sys.argv
    match error:
        case click.UsageError() if is_json:
            Output(as_json=True).fail(WrongUse(error.format_message()))
            return _USAGE
        case click.UsageError():
            error.show()
            return _USAGE
        case click.exceptions.Exit():
            return error.exit_code
        case KeyboardInterrupt() | click.Abort():
            return _INTERRUPTED
        case BrokenPipeError():
            # The reader of the output has what it wanted: nothing more is flushed to it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
    text = f"{error.strerror}: {error.filename}" if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
    Output(as_json=is_json).fail(PromojobsError(text))
    return 1


if __name__ == "__main__":
    run()
