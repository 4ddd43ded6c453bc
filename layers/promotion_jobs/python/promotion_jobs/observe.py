"""One logger and one set of metrics, shared by all that runs in a function."""

import traceback
from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from promotion_jobs.measures import Measure

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

Answer = TypeVar("Answer")
_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class _Formatter(LambdaPowertoolsFormatter):
    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 - as logging has it
        return _trace(ei[1]) if ei[1] else ""


def _trace(error: BaseException) -> str:
    """The kind of an error, where it was raised and from which, but not its text, which may quote a secret or a code.

    Of AWS's errors also the code and the operation, which say most of what the text does.
    """
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = [_trace(cause)] if cause else []
    lines += [line.rstrip() for line in traceback.format_tb(error.__traceback__)]
    kind = type(error).__name__
    if isinstance(response := getattr(error, "response", None), dict):
        kind += f": {response.get('Error', {}).get('Code')} of {getattr(error, 'operation_name', None)}"
    return "\n".join([*lines, kind])


# The serialized stack trace would have the error's text beside its frames.
logger = Logger(logger_formatter=_Formatter(serialize_stacktrace=False))

_metrics = Metrics()


def measure(what: Measure, value: float = 1, /, **dimensions: str) -> None:
    unit = MetricUnit.Seconds if what is Measure.OLDEST_OPEN_JOB_SECONDS else MetricUnit.Count
    if not dimensions:
        _metrics.add_metric(what, unit, value)
        return
    with single_metric(what, unit, value) as metric:
        for name, text in dimensions.items():
            metric.add_dimension(name, text)


def count_refusal(name: str) -> None:
    """Count a request that is refused, under the name of its error."""
    _metrics.add_metric(name, MetricUnit.Count, 1)


def flush_metrics() -> None:
    """Write what was counted in this invocation; nothing where nothing was, which Powertools would warn of."""
    if _metrics.metric_set:
        _metrics.flush_metrics()


def in_the_background(function: Callable[[Any, "LambdaContext"], Answer]) -> Callable[[Any, "LambdaContext"], Answer]:
    """The handler of a function for which no request waits: whatever it raises is logged, and has AWS call again."""

    @logger.inject_lambda_context(clear_state=True)
    @wraps(function)
    def handler(event: Any, context: "LambdaContext") -> Answer:
        try:
            return function(event, context)
        except Exception:
            # With the keys of this invocation, which are gone when Lambda logs it.
            logger.exception("invocation failed")
            raise
        finally:
            flush_metrics()

    return handler
