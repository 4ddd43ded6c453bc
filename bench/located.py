"""What redeems a code that is located already: neither the calls nor the time of that are in a figure then."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from promotion_jobs.codes.code import Place
from promotion_jobs.redemptions.redeem import Redeemer

if TYPE_CHECKING:
    from promotion_jobs.codes.lookup import Lookup


@dataclass(frozen=True, slots=True)
class _Located:
    """In the place of what locates codes: it knows one."""

    place: Place

    def places(self, codes: Any) -> Mapping[str, Place]:
        return dict.fromkeys(codes, self.place)


def redeemer_at(place: Place, redeemer: Redeemer) -> Redeemer:
    return replace(redeemer, lookup=cast("Lookup", _Located(place)))


def redeemer_of(code: str, redeemer: Redeemer) -> Redeemer:
    (place,) = redeemer.lookup.places([code]).values()
    return redeemer_at(place, redeemer)
