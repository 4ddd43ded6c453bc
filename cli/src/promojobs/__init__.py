"""A client of Promotion Jobs: promotion codes in bulk, exported and verified.

from promojobs import Client

with Client.from_env() as api:
    job = api.wait(api.generate(promotion_id, 500_000, prefix="summer", key="july"))
    export = api.wait(api.export(promotion_id, job_id=job.id))
    api.save(export, "codes.csv")
"""

from promojobs.client import Client
from promojobs.errors import (
    FileWrong,
    JobCancelled,
    JobFailed,
    NotSignedIn,
    PromojobsError,
    Refused,
    TimedOut,
    Unreachable,
    WrongUse,
)
from promojobs.values import Code, Estimate, File, Job, Progress, Promotion, Usage, Validity
from promojobs.version import VERSION

__version__ = VERSION
__all__ = [
    "Client",
    "Code",
    "Estimate",
    "File",
    "FileWrong",
    "Job",
    "JobCancelled",
    "JobFailed",
    "NotSignedIn",
    "Progress",
    "PromojobsError",
    "Promotion",
    "Refused",
    "TimedOut",
    "Unreachable",
    "Usage",
    "Validity",
    "WrongUse",
]
