"""Codes of two symbols in groups of two, of 4 to 8 symbols: so few that every string has several readings, and meets
those of other jobs all the time. A cipher of so few numbers is a shuffled list.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from promotion_jobs.codes.format import CodeFormat, Notation
from promotion_jobs.codes.permutation import Halves, Permutation
from promotion_jobs.jobs.job import PARAMETERS, GenerateParameters, JobType
from promotion_jobs.wiring import Service

SYMBOLS = "bc"
SMALL = Notation(SYMBOLS, group=2, lengths=range(4, 9))


class Shuffle(Permutation):
    """A permutation of the numbers below ``radix**length`` that is written down."""

    def __init__(self, key: bytes, length: int, radix: int = len(SYMBOLS)) -> None:
        self.length, self.size = length, radix**length
        self._moduli = radix ** (length // 2), radix ** (length - length // 2)
        self._there, self._back = _shuffled(key, self.size)

    def encrypted(self, halves: Halves) -> Halves:
        return self.halves([self._there[number] for number in self._joined(halves)])

    def decrypted(self, halves: Halves) -> Halves:
        return self.halves([self._back[number] for number in self._joined(halves)])


@lru_cache(maxsize=200)
def _shuffled(key: bytes, size: int) -> tuple[list[int], list[int]]:
    there, back = list(range(size)), [0] * size
    Random(key).shuffle(there)  # noqa: S311 - a test must come again, not be secret
    for number, other in enumerate(there):
        back[other] = number
    return there, back


@dataclass(frozen=True, slots=True)
class SmallParameters(GenerateParameters):
    @property
    def code_format(self) -> CodeFormat:
        return CodeFormat(self.code_length or 8, self.code_prefix, SMALL)


def _read(given: Mapping[str, object]) -> GenerateParameters:
    return SmallParameters(**given)  # type: ignore[arg-type]


def make_small(service: Service) -> None:
    """Have a service, of which no part is made yet but its table, make such codes."""
    service.notation = SMALL
    service.keyring = replace(service.keyring, make=Shuffle)
    service.job_store = replace(service.job_store, parameters={**PARAMETERS, JobType.CODE_GENERATE: _read})
