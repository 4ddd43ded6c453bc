"""Shops that redeem codes in a workshop: it notes what they ask and are answered, and every count that there was."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from promotion_jobs.codes.code import NewCode, Place, Terms
from promotion_jobs.codes.lookup import Lookup
from promotion_jobs.errors import PromotionJobsError
from promotion_jobs.promotions.promotion import NewPromotion, Promotion
from promotion_jobs.redemptions.redeem import Redeemer
from promotion_jobs.redemptions.redemption import Redemption, Use
from promotion_jobs.values import to_text
from tests.aws.values import Item, KeyPair
from tests.simulation.redeemed import Redeemed, wrong_lists, wrong_uses
from tests.simulation.scheduler import START
from tests.simulation.stored import Stored
from tests.simulation.workshop import CLIENT_ID, Workshop

REQUEST_SECONDS = 20.0
LONGEST_FLIGHT = 2.0
"""A function's time, and how long what it has sent is on its way: limits.LATE_WRITES is their sum."""

_LONG = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class NotingLookup:
    """Notes the place of the code that one request is about."""

    lookup: Lookup
    found: list[Place] = field(default_factory=list)

    def places(self, codes: Collection[str]) -> Mapping[str, Place]:
        places = self.lookup.places(codes)
        self.found.extend(places.values())
        return places


class Asked(NamedTuple):
    use: Use
    kept: int | None = None
    """What a roll back leaves; None for any other request."""


@dataclass
class Request:
    """``since`` and ``until`` are how many counts there were when it began and ended. Without an answer and an error
    nobody knows what became of it.
    """

    asked: Asked
    since: int
    began_at: datetime
    lookup: NotingLookup
    until: int = 0
    answer: Redemption | None = None
    is_new: bool = False
    error: PromotionJobsError | None = None

    @property
    def place(self) -> Place | None:
        return self.lookup.found[0] if self.lookup.found else None


@dataclass
class Till:
    """``mutate`` may change the redeemer. ``stopped`` is when it was answered that the promotion is disabled."""

    workshop: Workshop
    mutate: Callable[[Redeemer], Redeemer] = lambda redeemer: redeemer
    ends_at: datetime = START + _LONG
    requests: list[Request] = field(default_factory=list)
    counts: list[Redeemed] = field(default_factory=list)
    anonymous: list[str] = field(default_factory=list)
    stopped: int | None = None

    def __post_init__(self) -> None:
        self.simulation = self.workshop.simulation
        self.simulation.longest_flight = LONGEST_FLIGHT
        self.promotion = self._create()
        dynamodb = self.simulation.dynamodb
        tear = dynamodb.committed

        def committed(before: Mapping[KeyPair, Item | None]) -> None:
            if any(key.pk.startswith("US") for key in before):
                self.note()
            tear(before)

        dynamodb.committed = committed
        self.note()

    def note(self) -> None:
        stored, redeemed = Stored.read(self.simulation.dynamodb), Redeemed.read(self.simulation.dynamodb)
        self.counts.append(redeemed)
        found = [*wrong_uses(stored, redeemed), *wrong_lists(stored, redeemed)]
        self.simulation.seen = self.simulation.seen or found

    def _create(self) -> Promotion:
        fields = {"name": "x", "enabled": True, "start": to_text(START), "end": to_text(self.ends_at)}
        return self.workshop.service.promotions.create(NewPromotion(fields), CLIENT_ID)

    def add(self, code: str, max_uses: int | None, *, per_item: bool = True) -> None:
        """Make a code by hand."""
        promotion = self.workshop.service.promotions.get(self.promotion.id)
        terms = Terms("per_item" if per_item else "per_cart", max_uses)
        self.workshop.service.codes.add(promotion, [NewCode(code, terms)], CLIENT_ID)

    def remove(self, code: str) -> None:
        self.workshop.service.codes.remove(self.workshop.service.promotions.get(self.promotion.id), [code])

    def delete(self) -> None:
        self.workshop.service.promotion_remover.delete(self.promotion.id, CLIENT_ID)

    def stop(self) -> None:
        """Disable the promotion."""

        def disabled(seen: Promotion) -> NewPromotion:
            return NewPromotion({**seen.fields, "enabled": False}, seen.automatic, seen.max_codes)

        self.workshop.service.promotions.change(self.promotion.id, disabled, CLIENT_ID)
        self.stopped = len(self.requests)

    def anonymize(self) -> None:
        """Blank what is known of some usage."""
        usages = sorted({it.answer.key.usage_id for it in self.requests if it.answer})
        if usages:
            found, _ = self.workshop.service.usages.anonymize([self.workshop.random.choice(usages)], CLIENT_ID)
            self.anonymous += [it.key.usage_id for it in found]

    # Requests

    def redeem(self, code: str, order: str, quantity: int = 1, hold: float | None = None) -> None:
        held = None if hold is None else timedelta(seconds=hold)
        self.ask(Asked(Use(code, quantity, order, customer_email=f"{order}@example.com", hold=held)))

    def roll_back(self, code: str, order: str, kept: int = 0) -> None:
        self.ask(Asked(Use(code, id=order), kept))

    def ask(self, asked: Asked) -> None:
        """Raises what is no answer."""
        lookup = NotingLookup(self.workshop.service.lookup)
        request = Request(asked, len(self.counts), self.workshop.clock(), lookup)
        self.requests.append(request)
        noting: Any = lookup
        redeemer = self.mutate(replace(self.workshop.service.redeemer, lookup=noting))
        try:
            if asked.kept is None:
                request.answer, request.is_new = redeemer.redeem(asked.use, CLIENT_ID)
            else:
                request.answer = redeemer.roll_back(asked.use, asked.kept, CLIENT_ID)
        except PromotionJobsError as error:
            request.error = error
        request.until = len(self.counts)

    def later(self, after: float, function: Callable[..., object], *given: Any, **named: Any) -> None:
        """Have a request of its own, which ends as a function does when its time is up."""
        name = f"{function.__name__} {' '.join(map(str, given))}"
        self.simulation.act(name, partial(function, *given, **named), after=after, lifetime=REQUEST_SECONDS)
