"""Whether codes can be made by hand, or imported: no job has generated them, and from then on none ever will.

A code in the form of a generated one reserves the indices that would make it. A reservation is put first, and then the
spaces are read again: a claim that the second reading does not see will find the reservation when it draws its codes,
and drop them. What is given by then is looked up, the job before its chunk: a job that has ended puts no more chunks.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from promotion_jobs.codes.format import Reading
from promotion_jobs.codes.lookup import Lookup
from promotion_jobs.codes.readings import Issue, Readings
from promotion_jobs.codes.spaces import ClaimUnseen, Reservation, SpaceStore
from promotion_jobs.errors import DuplicateCode


@dataclass(frozen=True, slots=True)
class Reserver:
    spaces: SpaceStore
    readings: Readings
    lookup: Lookup

    def reserve(self, codes: Collection[str]) -> None:
        """Raises DuplicateCode if a job has generated one of the codes, or may be about to."""
        try:
            taken = self.taken(codes)
        except ClaimUnseen as error:
            raise DuplicateCode from error
        if taken:
            raise DuplicateCode

    def taken(self, codes: Collection[str]) -> Mapping[str, str]:
        """Code → its promotion, of those that a job has generated, or may be about to; the others are reserved.

        Raises ClaimUnseen where a job is just being given the indices of one of them.
        """
        readings = [(reading, code) for code in codes for reading in self.readings.of(code.casefold())]
        issues = self._issues([reading for reading, _ in readings])
        makers = self.lookup.makers_of(issues)
        placed = self.lookup.placed(issues, makers)
        in_use = [it for it in issues if it in placed or (it.job_id in makers and makers[it.job_id].is_open)]
        owners = {issue.reading: issue.allocation.promotion_id for issue in in_use}
        return {code: owners[reading] for reading, code in readings if reading in owners}

    def _issues(self, readings: Collection[Reading]) -> list[Issue]:
        """The readings that were issued, as seen when all the others were reserved."""
        reserved: set[Reservation] = set()
        while True:
            spaces = self.readings.spaces_of(readings)
            wanted = self.readings.to_reserve(readings, spaces)
            if wanted <= reserved:
                return self.readings.issues(readings, spaces)
            self.spaces.reserve(wanted - reserved)
            reserved |= wanted
