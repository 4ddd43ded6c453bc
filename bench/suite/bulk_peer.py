"""A job beside a shop's own voucher sets: django-oscar on SQLite, from the form that is sent to the codes stored."""

import math

from bench.emulator import deployment
from bench.measure import Bench, Goal, Outcome, Run
from bench.peers.oscar import NOT_INSTALLED, has_oscar, oscar_peer

_OSCAR, _OURS = "django-oscar", "ours"
_WHAT, _BOUND = "codes per CPU second of the process, against django-oscar", 150


def run(bench: Bench) -> Outcome:
    codes = bench.size(10_000, 2_000)
    with deployment() as made:
        contenders: dict[str, Run] = {_OURS: made.on_new_table(lambda: made.generate(10 * codes))}
        if has_oscar():
            contenders[_OSCAR] = oscar_peer(codes)
        samples = bench.interleaved(contenders)
    if _OSCAR not in samples.by_name:
        return Outcome([Goal(_WHAT, math.nan, _BOUND, note=NOT_INSTALLED)], samples)
    wall = samples.wall_each(_OSCAR) / samples.wall_each(_OURS)
    note = (
        f"SQLite works inside its process, our store outside; by the clock, with the store's share, {wall:.1f}×. "
        "Its codes are unique in the shop, like ours in the store"
    )
    measured = samples.cpu_each(_OSCAR) / samples.cpu_each(_OURS)
    return Outcome([Goal(_WHAT, measured, _BOUND, note=note)], samples)
