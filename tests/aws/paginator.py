"""Page after page of an operation, as boto3's clients have it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Paginator:
    """``next_in`` is where an answer says how it goes on, and ``start_in`` where a request says it."""

    operation: Callable[..., dict[str, Any]]
    next_in: str
    start_in: str

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        start: dict[str, Any] = {}
        while True:
            page = self.operation(**request, **start)
            yield page
            if self.next_in not in page:
                return
            start = {self.start_in: page[self.next_in]}
