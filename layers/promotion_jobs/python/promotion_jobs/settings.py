"""The environment, read in one place. Each function is given only the variables that it uses."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache


@dataclass(frozen=True, slots=True)
class Settings:
    """The variables that the template gives to a function. Reading one that it does not give raises KeyError."""

    environment: Mapping[str, str]

    @property
    def table_name(self) -> str:
        return self.environment["TABLE_NAME"]

    @property
    def job_queue_url(self) -> str:
        return self.environment["JOB_QUEUE_URL"]

    @property
    def export_bucket(self) -> str:
        return self.environment["EXPORT_BUCKET"]

    @property
    def files_origin(self) -> str:
        """The origin of the links to the bucket's files."""
        return self.environment["FILES_ORIGIN"]

    @property
    def event_bus_name(self) -> str:
        return self.environment["EVENT_BUS_NAME"]

    @property
    def export_life(self) -> timedelta:
        return timedelta(days=int(self.environment["EXPORT_LIFE_DAYS"]))

    @property
    def worker_concurrency(self) -> int:
        return int(self.environment["WORKER_CONCURRENCY"])

    @property
    def worker_timeout(self) -> timedelta:
        return timedelta(seconds=int(self.environment["WORKER_TIMEOUT_SECONDS"]))

    @property
    def least_guess_odds(self) -> int:
        return int(self.environment["LEAST_GUESS_ODDS"])


@cache
def settings() -> Settings:
    return Settings(dict(os.environ))
