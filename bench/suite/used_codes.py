"""Codes of which three of ten were used, beside codes that nobody has used: exported and listed; and usages listed."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from math import ceil
from typing import Any

from bench import service
from bench.emulator import NAME, WHO, Deployment, deployment, now, promotion
from bench.events import event, sqs_event
from bench.measure import Bench, Goal, Outcome, Run, Sample, Samples, in_process, timed
from bench.service import usage
from bench.stub import Stub, stub
from bench.suite.export import chunk_page, maker, ours, page
from promotion_jobs.aws.keys import CHUNKS_TOGETHER
from promotion_jobs.codes.code import CodeId
from promotion_jobs.jobs.create import NewJob
from promotion_jobs.jobs.job import GenerateParameters, JobType, Message
from promotion_jobs.jobs.runs import RunStatus
from promotion_jobs.limits import CHUNK_CODES, MAX_PAGE_LENGTH, PAGE_LENGTH
from promotion_jobs.redemptions.redemption import RedemptionKey

_UNUSED, _USED = "none used", "30 % used"
_AGAINST = f"{_USED}, against {_UNUSED}"
_USAGES = 10_000
_FAR = _USAGES - PAGE_LENGTH
_BATCH = 25
"""Items that one call puts."""

Handler = Callable[[dict[str, Any]], Any]


def _used(codes: int) -> Sequence[int]:
    """The positions of three of ten."""
    return [at for at in range(codes) if at % 10 in {0, 1, 2}]


@cache
def _counters(partition: str, codes: int) -> bytes:
    """Those of the chunks that are counted together, as exports ask for them."""
    _, _, together, _ = partition.split("#")
    first = int(together) * CHUNKS_TOGETHER
    chunks = range(first, min(first + CHUNKS_TOGETHER, ceil(codes / CHUNK_CODES)))
    items = [
        {"sk": {"S": f"{chunk:08d}#{at:05d}"}, "taken": {"N": "1"}} for chunk in chunks for at in _used(CHUNK_CODES)
    ]
    return page(items)


class _Pages:
    """The chunks of a promotion's job, and the counters of its codes."""

    def __init__(self, codes: int, *, are_used: bool) -> None:
        self._codes = codes
        self._are_used = are_used

    def __call__(self, query: Mapping[str, Any]) -> bytes | None:
        partition = query["ExpressionAttributeValues"][":pk"]["S"]
        kind, _, rest = partition.partition("#")
        if kind == "USES" and self._are_used:
            return _counters(partition, self._codes)
        run = rest.rpartition("#")[2]
        return chunk_page(self._codes, int(run)) if kind == "CODES" and run.isdigit() else None


def _export(server: Stub, rows: int) -> Run:
    job, made_by = service.export_job(), maker(rows)
    made = [item | {"generated": {"N": str(rows)}} for item in service.job_items(made_by)]
    server.give([*made, *service.job_items(job), *service.run_items(job, RunStatus.COMPLETED)])
    measured = in_process(ours, rows)

    def run() -> Sample:
        service.use(server)
        return measured()

    return run


def _exports(bench: Bench) -> tuple[Sequence[Goal], Samples]:
    rows = bench.size(1_000_000, 100_000)
    with stub(_Pages(rows, are_used=False)) as unused, stub(_Pages(rows, are_used=True)) as used:
        contenders = {_export_of(_UNUSED): _export(unused, rows), _export_of(_USED): _export(used, rows)}
        samples = bench.interleaved(contenders, rounds=5, quick_rounds=2, warm_up=False)
    used_cpu, unused_cpu = (samples.cpu_each(_export_of(it)) for it in (_USED, _UNUSED))
    memory = samples.memory(_export_of(_USED)) / samples.memory(_export_of(_UNUSED))
    note = "a counter for each code that was used is read and parsed"
    return [
        Goal(f"CPU to export {rows:,} codes, {_AGAINST}", used_cpu / unused_cpu, 1.3, at_most=True, note=note),
        Goal(f"peak memory over baseline of that, {_AGAINST}", memory, 1.2, at_most=True),
    ], samples


def _export_of(which: str) -> str:
    return f"export, {which}"


# Pages


def _promotion(made: Deployment, *, is_used: bool) -> str:
    """One with a page of codes."""
    owner = promotion(room=MAX_PAGE_LENGTH)
    made.service.promotion_store.add(owner)
    parameters = GenerateParameters(MAX_PAGE_LENGTH, max_uses_per_code=1)
    job, _ = made.service.job_creator.create(owner.id, NewJob(JobType.CODE_GENERATE, parameters=parameters), WHO)
    made.messages()
    made.function("run_job")(sqs_event(Message(owner.id, job.id)))
    if is_used:
        takes = [made.service.uses.take(CodeId(job.id, 0, at), 1, 0, 1) for at in _used(MAX_PAGE_LENGTH)]
        made.service.table.transact(*takes)
    return owner.id


def _use(made: Deployment, promotion_id: str) -> None:
    """As many usages as pages show, of one code, a second apart."""
    last = now()
    keys = (RedemptionKey.of(CodeId(service.JOB_ID, 0, 0), None, f"order-{it}") for it in range(_USAGES))
    usages = (usage(key, promotion_id, last - timedelta(seconds=it)) for it, key in enumerate(keys))
    puts: list[Any] = [{"PutRequest": {"Item": item}} for item in service.usage_items(usages)]
    for first in range(0, len(puts), _BATCH):
        made.aws.dynamodb.batch_write_item(RequestItems={NAME: puts[first : first + _BATCH]})


def _turn(handler: Handler, sent: Any, length: int, times: int) -> Run:
    def ask() -> int:
        for _ in range(times):
            assert len(json.loads(handler(sent)["body"])["data"]) == length
        return times

    return timed(ask)


def _code_pages(made: Deployment, owners: Mapping[str, str], times: int) -> Mapping[str, Run]:
    query, handler = f"page[limit]={MAX_PAGE_LENGTH}", made.function("list_codes")
    return {
        f"a page of codes, {name}": _turn(
            handler, event("list_codes", owner, rawQueryString=query), MAX_PAGE_LENGTH, times
        )
        for name, owner in owners.items()
    }


def _usage_pages(made: Deployment, owner: str, times: int) -> Mapping[str, Run]:
    query, handler = f"page[limit]={PAGE_LENGTH}&page[offset]=", made.function("list_usages")
    return {
        f"a page of usages, offset {offset:,}": _turn(
            handler, event("list_usages", owner, rawQueryString=f"{query}{offset}"), PAGE_LENGTH, times
        )
        for offset in (0, _FAR)
    }


def _pages(bench: Bench) -> tuple[Sequence[Goal], Samples]:
    with deployment() as made:
        made.let_in()
        owners = {_UNUSED: _promotion(made, is_used=False), _USED: _promotion(made, is_used=True)}
        _use(made, owners[_USED])
        of_codes = _code_pages(made, owners, bench.size(40, 10))
        of_usages = _usage_pages(made, owners[_USED], bench.size(4, 1))
        samples = bench.interleaved({**of_codes, **of_usages})
    unused, used = (samples.cpu_each(name) for name in of_codes)
    near, far = (samples.wall_each(name) for name in of_usages)
    cpu = samples.cpu_each(next(iter(of_usages)))
    note = f"each takes {cpu * 1000:,.0f} ms of CPU: for the total, all that pages show is read"
    return [
        Goal(f"CPU of a page of {MAX_PAGE_LENGTH} codes, {_AGAINST}", used / unused, 1.2, at_most=True),
        Goal(f"a page of usages at offset {_FAR:,}, against one at 0", far / near, 1.5, at_most=True, note=note),
    ], samples


def run(bench: Bench) -> Outcome:
    exports, of_exports = _exports(bench)
    pages, of_pages = _pages(bench)
    return Outcome([*exports, *pages], Samples({**of_exports.by_name, **of_pages.by_name}))
