"""GET …/codes/{code} through its handler: a generated code and a guess, beside a code that has an item of its own."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from bench.emulator import WHO, Deployment, deployment, promotion
from bench.events import event, sqs_event
from bench.measure import Bench, Goal, Outcome, timed
from promotion_jobs import wiring
from promotion_jobs.codes.code import NewCode, Terms
from promotion_jobs.jobs.create import NewJob
from promotion_jobs.jobs.job import GenerateParameters, JobType, Message

_CODES = 100_000
_GENERATED, _GUESS, _BY_HAND = "a generated code", "a guess", "a code made by hand"

Handler = Callable[[dict[str, Any]], Any]


def _shop(made: Deployment) -> tuple[str, dict[str, str]]:
    """A promotion with all that is looked up, and the codes by their kinds."""
    owner, service = promotion(room=_CODES + 1), made.service
    service.promotion_store.add(owner)
    new = NewJob(JobType.CODE_GENERATE, parameters=GenerateParameters(_CODES))
    job, _ = service.job_creator.create(owner.id, new, WHO)
    made.messages()
    made.function("run_job")(sqs_event(Message(owner.id, job.id)))
    found = service.promotions.get(owner.id)
    service.codes.add(found, [NewCode("WELCOME-10", Terms())], WHO)
    chunk, _ = next(iter(service.code_lists.chunks(owner.id, job.id, offset=_CODES // 2)))
    never, code_format = 27**8 - 1, new.parameters.of(GenerateParameters).code_format
    (body,) = service.keyring.permutation(8, 1).encrypt([never])
    (guess,) = code_format.write(body.to_bytes(code_format.width))
    return owner.id, {_GENERATED: next(iter(chunk.visible())).code, _GUESS: guess, _BY_HAND: "WELCOME-10"}


def run(bench: Bench) -> Outcome:
    times = bench.size(100, 20)
    with deployment() as made:
        made.let_in()
        owner, codes = _shop(made)
        handler = made.function("get_code")
        calls: Counter[str] = Counter()
        client = wiring.service().clients.dynamodb
        client.meta.events.register("before-call", lambda model, **_: calls.update([model.name]))
        counted: dict[str, float] = {}

        def work(name: str) -> Callable[[], int]:
            sent = event("get_code", owner, rawPath=f"/v2/promotions/{owner}/codes/{codes[name]}")

            def ask() -> int:
                before = calls.total()
                for _ in range(times):
                    answer = handler(sent)
                    assert answer["statusCode"] == (404 if name == _GUESS else 200)
                    assert name == _GUESS or json.loads(answer["body"])["data"]["code"] == codes[name]
                counted[name] = (calls.total() - before) / times
                return times

            return ask

        samples = bench.interleaved({name: timed(work(name)) for name in codes})
    by_hand = samples.wall_each(_BY_HAND)
    return Outcome(
        [
            Goal(f"time of {_GENERATED}, against {_BY_HAND}", samples.wall_each(_GENERATED) / by_hand, 3, at_most=True),
            Goal(f"time of {_GUESS}, against {_BY_HAND}", samples.wall_each(_GUESS) / by_hand, 1.2, at_most=True),
            Goal(
                f"calls for {_GUESS}",
                counted[_GUESS],
                3,
                at_most=True,
                unit="calls",
                note="the promotion, the item that the code would have if it was made by hand, and the counter",
            ),
        ],
        samples,
    )
