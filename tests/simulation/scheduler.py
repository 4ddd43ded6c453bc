"""Actors that take turns, call by call, in an order that one seed decides.

Each actor is a thread that runs the real, blocking code; a baton sees to it that only one of them runs at any moment.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

START = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Crash(BaseException):
    """The actor is gone. No product code catches it; its calls on the way out have no effect."""


class Endless(Exception):
    """The schedule has not ended after as many steps as it was given."""


class Clock:
    """Seconds since the start of the schedule; time passes only when the scheduler says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> datetime:
        return START + timedelta(seconds=self.seconds)


def _nothing(_actor: "Actor") -> None:
    pass


@dataclass(eq=False, slots=True)
class Actor:
    """``dies_at`` is when its time is up, as a function's is; ``ended`` is called in any case."""

    name: str
    function: Callable[[], object]
    wakes_at: float = 0.0
    dies_at: float | None = None
    ended: Callable[["Actor"], None] = _nothing
    error: Exception | None = None
    dead: bool = False
    baton: threading.Lock = field(default_factory=threading.Lock)
    thread: threading.Thread | None = None


@dataclass
class Scheduler:
    """``sticky`` is how likely the actor that has just run goes on; ``arrive`` may start actors at any step."""

    random: Random
    clock: Clock = field(default_factory=Clock)
    sticky: float = 0.5
    most_steps: int = 20_000
    longest_step: float = 0.05
    arrive: Callable[[bool], float | None] = lambda _idle: None
    """Told whether nothing else can run; returns when there will be something, if ever."""
    steps: int = 0
    actors: list[Actor] = field(default_factory=list)
    current: Actor | None = None
    _threads: list[threading.Thread] = field(default_factory=list)
    _stopping: bool = False
    _failure: BaseException | None = None
    _baton: threading.Lock = field(default_factory=threading.Lock)

    def spawn(
        self,
        name: str,
        function: Callable[[], object],
        *,
        after: float = 0.0,
        lifetime: float | None = None,
        ended: Callable[[Actor], None] = _nothing,
    ) -> Actor:
        starts_at = self.clock.seconds + after
        actor = Actor(name, function, starts_at, None if lifetime is None else starts_at + lifetime, ended)
        actor.baton.acquire()
        self.actors.append(actor)
        return actor

    def run(self) -> None:
        """Run until no actor is left and none will come. Raises Endless, and what went wrong in ``arrive``."""
        self._baton.acquire()
        try:
            if self._hand_on():
                self._baton.acquire()
        finally:
            self._stop()
            self._baton.release()
        if self._failure:
            raise self._failure

    def step(self) -> None:
        """Called by an actor: others may run first. Raises Crash where it has died meanwhile."""
        actor = self._alive()
        following = self._pick()
        if following is not actor:
            if following is None:
                self._baton.release()
            else:
                self._wake(following)
            actor.baton.acquire()
        self._alive()

    def sleep(self, seconds: float) -> None:
        """Called by an actor, which dies in its sleep if its time is up."""
        actor = self._alive()
        wakes_at = self.clock.seconds + seconds
        actor.wakes_at = wakes_at if actor.dies_at is None else min(wakes_at, actor.dies_at)
        self.step()

    def die(self) -> None:
        """Called by an actor that is to die here."""
        self._alive().dead = True
        raise Crash

    def _alive(self) -> Actor:
        actor = self.current
        if actor is None:
            raise RuntimeError("only an actor can take a step")
        if actor.dies_at is not None and self.clock.seconds >= actor.dies_at:
            actor.dead = True
        if actor.dead or self._stopping:
            raise Crash
        return actor

    def _pick(self) -> Actor | None:
        """The next actor; None if there is none, or if the schedule has failed."""
        try:
            return self._choose()
        except Exception as error:  # noqa: BLE001 - it is raised by run, in the thread of the test
            self._failure = error
            return None

    def _choose(self) -> Actor | None:
        while True:
            self.steps += 1
            if self.steps > self.most_steps:
                raise Endless(f"{self.steps} steps; acting: {[actor.name for actor in self.actors]}")
            self.clock.seconds += self.random.random() * self.longest_step
            now = self.clock.seconds
            coming = self.arrive(all(actor.wakes_at > now for actor in self.actors))
            ready = [actor for actor in self.actors if actor.wakes_at <= now]
            if ready:
                stays = self.current in ready and self.random.random() < self.sticky
                if not stays:
                    self.current = self.random.choice(ready)
                return self.current
            moments = [actor.wakes_at for actor in self.actors] + ([] if coming is None else [coming])
            if not moments:
                return None
            self.clock.seconds = max(now, min(moments))

    def _hand_on(self) -> bool:
        """Let the next actor go on; False if there is none."""
        following = self._pick()
        if following is None:
            return False
        self._wake(following)
        return True

    def _wake(self, actor: Actor) -> None:
        if actor.thread is None:
            actor.thread = threading.Thread(target=self._run, args=(actor,), name=actor.name, daemon=True)
            self._threads.append(actor.thread)
            actor.thread.start()
        actor.baton.release()

    def _run(self, actor: Actor) -> None:
        actor.baton.acquire()
        try:
            self._alive()
            actor.function()
        except Crash:
            actor.dead = True
        except Exception as error:  # noqa: BLE001 - ``ended`` judges it
            actor.error = error
        self.actors.remove(actor)
        if self._stopping:
            return
        try:
            actor.ended(actor)
        except Exception as error:  # noqa: BLE001 - as above
            self._failure = error
        if self._failure or not self._hand_on():
            self._baton.release()

    def _stop(self) -> None:
        """End all threads, also those of actors that were in the middle of something."""
        self._stopping = True
        for actor in list(self.actors):
            if actor.thread:
                self.current = actor
                actor.baton.release()
                actor.thread.join()
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        self.actors.clear()
        self.current = None
        self._stopping = False
