"""Making codes: ours beside a choice per character, two packages of the npm registry, and the bare stream."""

import math
import secrets
from collections.abc import Callable
from hashlib import shake_256

from bench.measure import Bench, Goal, Outcome, Run, Samples, timed
from bench.peers.node import NOT_INSTALLED, has_node, node_peer
from promotion_jobs.codes.format import ALPHABET, CodeFormat, chunk_codes
from promotion_jobs.limits import CHUNK_CODES

CODES = 25_000
_SEED = secrets.token_bytes(32)
_FORMAT = CodeFormat(8, "summer")
_CHOICE, _STREAM = "secrets.choice", "bare SHAKE-256"
_BOUNDS = {_CHOICE: 40, "voucher-code-generator": 8, "referral-codes": 4, _STREAM: 0.3}


def _ours() -> int:
    return sum(len(chunk_codes(_SEED, chunk, CHUNK_CODES, _FORMAT)) for chunk in range(CODES // CHUNK_CODES))


def _choice_per_character() -> int:
    codes: set[str] = set()
    while len(codes) < CODES:
        symbols = "".join(secrets.choice(ALPHABET) for _ in range(8))
        codes.add(f"summer-{symbols[:4]}-{symbols[4:]}")
    return len(codes)


def _bare_stream() -> int:
    """As many symbols, from as many seeds, without making codes of them."""
    table = (ALPHABET * 10)[:256].encode()
    biased = bytes(range(256 - 256 % len(ALPHABET), 256))
    for chunk in range(CODES // CHUNK_CODES):
        shake_256(_SEED + chunk.to_bytes(8, "big")).digest(CHUNK_CODES * 9).translate(table, biased)
    return CODES


def _repeated(work: Callable[[], int], times: int) -> Callable[[], int]:
    return lambda: sum(work() for _ in range(times))


def run(bench: Bench) -> Outcome:
    # Often enough that a turn takes a good part of a second whoever's it is.
    contenders: dict[str, Run] = {
        "ours": timed(_repeated(_ours, 80)),
        _CHOICE: timed(_choice_per_character),
        _STREAM: timed(_repeated(_bare_stream, 200)),
    }
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
    return Goal(what, samples.cpu_each(name) / samples.cpu_each("ours"), bound)
