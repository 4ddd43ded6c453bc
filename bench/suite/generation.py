"""Making codes: ours beside a choice per character, and two packages of the npm registry."""

import math
import secrets
from collections.abc import Callable

from bench.measure import Bench, Goal, Outcome, Run, Samples, timed
from bench.peers.node import NOT_INSTALLED, has_node, node_peer
from promotion_jobs.codes.drawing import Draw
from promotion_jobs.codes.format import ALPHABET, CodeFormat
from promotion_jobs.codes.permutation import Permutation
from promotion_jobs.codes.plan import Plan

CODES = 25_000
_PLAN = Plan(CODES)
_FORMAT = CodeFormat(8, "summer")
_DRAW = Draw(Permutation(secrets.token_bytes(32), _FORMAT.length), _FORMAT.width, reserved=(), others=())
_CHOICE = "secrets.choice"
_BOUNDS = {_CHOICE: 5, "voucher-code-generator": 0.8, "referral-codes": 0.3}
_CALL = "it knows nothing of the codes of other calls"
_GUESSED = f"by Math.random, so that its codes can be guessed, and {_CALL}"


def _ours() -> int:
    """As text, which a job need not make."""
    blocks = ((_PLAN.block(chunk), _PLAN.codes_in(chunk)) for chunk in range(_PLAN.chunks))
    return sum(len(_FORMAT.write(_DRAW.codes(*block))) for block in blocks)


def _choice_per_character() -> int:
    codes: set[str] = set()
    while len(codes) < CODES:
        symbols = "".join(secrets.choice(ALPHABET) for _ in range(8))
        codes.add(f"summer-{symbols[:4]}-{symbols[4:]}")
    return len(codes)


def _repeated(work: Callable[[], int], times: int) -> Callable[[], int]:
    return lambda: sum(work() for _ in range(times))


def run(bench: Bench) -> Outcome:
    # Often enough that each side's turn takes a good part of a second.
    contenders: dict[str, Run] = {"ours": timed(_repeated(_ours, 20)), _CHOICE: timed(_choice_per_character)}
    if has_node():
        request = {"count": CODES, "charset": ALPHABET, "prefix": "summer-", "pattern": "####-####"}
        npm = _BOUNDS.keys() - contenders.keys()
        contenders |= {package: node_peer(package, request) for package in sorted(npm)}
    samples = bench.interleaved(contenders, rounds=9)
    return Outcome([_goal(samples, name, bound) for name, bound in _BOUNDS.items()], samples)


def _goal(samples: Samples, name: str, bound: float) -> Goal:
    what = f"codes per CPU second, against {name}"
    if name not in samples.by_name:
        return Goal(what, math.nan, bound, note=NOT_INSTALLED)
    return Goal(
        what, samples.cpu_each(name) / samples.cpu_each("ours"), bound, note=_CALL if name == _CHOICE else _GUESSED
    )
