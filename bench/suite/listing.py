"""GET …/codes through its handler: a page far behind the first, of one big job and of many small ones."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from bench.emulator import WHO, Deployment, deployment, promotion
from bench.events import event, sqs_event
from bench.measure import Bench, Goal, Outcome, timed
from promotion_jobs import wiring
from promotion_jobs.jobs.create import NewJob
from promotion_jobs.jobs.job import GenerateParameters, JobType, Message
from promotion_jobs.limits import PAGE_LENGTH

_CODES = 10_000
_FAR = _CODES - PAGE_LENGTH
_SMALL_JOBS = 200
_BIG, _SMALL = "one job", f"{_SMALL_JOBS} small jobs"

Handler = Callable[[dict[str, Any]], Any]


def _published(made: Deployment, jobs: int) -> str:
    """The id of a promotion with the codes of so many jobs, by the real worker."""
    owner = promotion(room=_CODES)
    made.service.promotion_store.add(owner)
    worker = made.function("run_job")
    for _ in range(jobs):
        new = NewJob(JobType.CODE_GENERATE, parameters=GenerateParameters(_CODES // jobs, code_prefix="summer"))
        job, _is_new = made.service.job_creator.create(owner.id, new, WHO)
        made.messages()
        worker(sqs_event(Message(owner.id, job.id)))
    return owner.id


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
        owners = {_BIG: _published(made, 1), _SMALL: _published(made, _SMALL_JOBS)}
        handler = made.function("list_codes")
        calls = _counted_queries()
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
                1,
                at_most=True,
                unit="calls",
                note=f"it takes {ratio[_SMALL]:.1f}× the time",
            ),
        ],
        samples,
    )


def _name(name: str, offset: int) -> str:
    return f"{name}, offset {offset:,}"
