"""GET …/codes through its handler: a page far behind the first, of one big job and of a thousand small ones."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bench.emulator import WHO, Deployment, deployment, new_id, promotion
from bench.events import event
from bench.measure import Bench, Goal, Outcome, timed
from promotion_jobs import wiring
from promotion_jobs.codes.code import Chunk
from promotion_jobs.codes.format import CodeFormat, chunk_codes
from promotion_jobs.limits import CHUNK_CODES, PAGE_LENGTH

_CODES = 10_000
_FAR = _CODES - PAGE_LENGTH
_BIG, _SMALL = "one job", "1,000 small jobs"
_SMALL_JOBS = 1_000

Handler = Callable[[dict[str, Any]], Any]


def _chunk(source: str, number: int, codes: int) -> Chunk:
    made = chunk_codes(source.encode(), number, codes, CodeFormat(8, "summer"))
    return Chunk(source=source, number=number, codes=made, created_by=WHO, created_at=datetime.now(UTC))


def _published(made: Deployment, chunks: list[Chunk]) -> str:
    """The id of a promotion with the codes of finished jobs: their lists, which is what a list reads."""
    owner = promotion(codes=_CODES)
    made.service.promotion_store.add(owner)
    for chunk in chunks:
        made.service.table.transact(made.service.code_store.put_chunk(owner.id, chunk))
    return owner.id


def _big(made: Deployment) -> str:
    job = new_id()
    return _published(made, [_chunk(job, number, CHUNK_CODES) for number in range(_CODES // CHUNK_CODES)])


def _small(made: Deployment) -> str:
    return _published(made, [_chunk(new_id(), 0, _CODES // _SMALL_JOBS) for _ in range(_SMALL_JOBS)])


def _page(handler: Handler, promotion_id: str, offset: int) -> None:
    query = f"page[limit]={PAGE_LENGTH}&page[offset]={offset}"
    reply = handler(event("list_codes", promotion_id, rawQueryString=query))
    answer = json.loads(reply["body"])
    assert len(answer["data"]) == PAGE_LENGTH
    assert answer["meta"]["results"]["total"] == _CODES


def _counted_queries() -> Counter[str]:
    """The calls that the service's client makes from now on, as they add up, by their names."""
    calls: Counter[str] = Counter()
    wiring.service().clients.dynamodb.meta.events.register("before-call", lambda model, **_: calls.update([model.name]))
    return calls


def run(bench: Bench) -> Outcome:
    pages = bench.size(40, 10)
    with deployment() as made:
        made.let_in()
        handler = made.function("list_codes")
        calls = _counted_queries()
        owners = {_BIG: _big(made), _SMALL: _small(made)}
        queries: dict[tuple[str, int], int] = {}

        def work(name: str, offset: int) -> Callable[[], int]:
            def ask() -> int:
                before = calls["Query"]
                for _ in range(pages):
                    _page(handler, owners[name], offset)
                queries[name, offset] = (calls["Query"] - before) // pages
                return pages

            return ask

        samples = bench.interleaved(
            {_name(name, offset): timed(work(name, offset)) for name in owners for offset in (0, _FAR)}
        )
    ratio = {name: samples.wall_each(_name(name, _FAR)) / samples.wall_each(_name(name, 0)) for name in owners}
    assert all(queries.values()), "no call was counted"
    more = queries[_SMALL, _FAR] - queries[_SMALL, 0]
    return Outcome(
        [
            Goal(f"a page at offset {_FAR:,}, against one at 0: {_BIG}", ratio[_BIG], 1.5, at_most=True),
            Goal(
                f"Query calls more at offset {_FAR:,}: {_SMALL}",
                more,
                3,
                at_most=True,
                unit="calls",
                note=f"it takes {ratio[_SMALL]:.1f}× the time: there are a thousand lists to read",
            ),
        ],
        samples,
    )


def _name(name: str, offset: int) -> str:
    return f"{name}, offset {offset:,}"
