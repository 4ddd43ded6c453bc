"""Codes of two symbols: 256 in all, so that a job of some dozens collides with itself and others all the time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from promotion_jobs.codes.format import CodeFormat
from promotion_jobs.jobs.job import PARAMETERS, GenerateParameters, JobType
from promotion_jobs.jobs.store import JobStore

ALPHABET = "bc"


@dataclass(frozen=True, slots=True)
class SmallAlphabetParameters(GenerateParameters):
    @property
    def code_format(self) -> CodeFormat:
        return CodeFormat(8, self.code_prefix, alphabet=ALPHABET)


def _read(given: Mapping[str, object]) -> GenerateParameters:
    return SmallAlphabetParameters(**given)  # type: ignore[arg-type]


def with_small_alphabet(store: JobStore) -> JobStore:
    """The same store, of whose jobs the codes have the small alphabet."""
    return replace(store, parameters={**PARAMETERS, JobType.CODE_GENERATE: _read})
