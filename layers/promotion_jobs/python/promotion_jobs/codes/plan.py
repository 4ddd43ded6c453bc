"""How the codes of a job are divided."""

from dataclasses import dataclass
from math import ceil

from promotion_jobs import limits


@dataclass(frozen=True, slots=True)
class Plan:
    """Codes in chunks, which are put together, and chunks in runs, which workers take. Without codes it is one run.

    Each chunk has a block of indices of its own: one for each of its codes, and ``spares`` for those that are dropped.
    Kept with the job, so that a deployment which divides otherwise finishes the jobs that it finds.
    """

    number_of_codes: int = 0
    chunk_codes: int = limits.CHUNK_CODES
    run_chunks: int = limits.RUN_CHUNKS
    spares: int = limits.SPARE_CODES

    @property
    def chunks(self) -> int:
        return ceil(self.number_of_codes / self.chunk_codes)

    @property
    def runs(self) -> int:
        return ceil(self.chunks / self.run_chunks) or 1

    @property
    def indices(self) -> int:
        """How many indices its blocks take."""
        return self.number_of_codes + self.chunks * self.spares

    def chunks_of(self, run: int) -> range:
        return range(run * self.run_chunks, min((run + 1) * self.run_chunks, self.chunks))

    def run_of(self, chunk: int) -> int:
        return chunk // self.run_chunks

    def codes_in(self, chunk: int) -> int:
        return min(self.chunk_codes, self.number_of_codes - chunk * self.chunk_codes)

    def codes_of(self, run: int) -> int:
        return sum(map(self.codes_in, self.chunks_of(run)))

    def chunks_in(self, run: int, codes: int) -> range:
        """The first chunks of a run, that have so many codes between them."""
        chunks = self.chunks_of(run)
        return chunks[: ceil(codes / self.chunk_codes)]

    def block(self, chunk: int) -> range:
        """The indices of a chunk, counted from the job's first one."""
        first = chunk * (self.chunk_codes + self.spares)
        return range(first, first + self.codes_in(chunk) + self.spares)

    def chunk_at(self, index: int) -> int:
        """The chunk whose block has the index, counted from the job's first one."""
        return index // (self.chunk_codes + self.spares)


ONE_RUN = Plan()
