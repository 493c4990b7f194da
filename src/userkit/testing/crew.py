"""Two more processes that work on the same storage, for races that threads and tasks cannot show."""

import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Barrier

from userkit.testing.bench import PATIENCE, Bench, Job, OpenStore, Outcome

__all__ = ["Crew"]

_HANDS = 2


@dataclass(frozen=True, slots=True)
class _Order:
    open_store: OpenStore
    realm: str
    jobs: Sequence[Job]


@dataclass(frozen=True, slots=True)
class _Failure:
    reason: str


class Crew:
    """Two processes that wait for jobs. They start fresh (spawn), so that no connection is shared."""

    def __init__(self) -> None:
        """Start the processes."""
        context = multiprocessing.get_context("spawn")
        # Kept here, since its semaphores are gone from the system with the last reference in this process.
        self._gate = context.Barrier(_HANDS)
        self._lines: list[Connection] = []
        self._processes: list[SpawnProcess] = []
        for _ in range(_HANDS):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, self._gate), daemon=True)
            process.start()
            theirs.close()
            self._lines.append(ours)
            self._processes.append(process)

    @property
    def is_closed(self) -> bool:
        """Tell whether the processes have ended, as they do when one of them fails."""
        return not self._processes

    def race(self, open_store: OpenStore, realm: str, jobs: Sequence[Job]) -> list[Outcome]:
        """Do jobs at the same time, every second one in the same process; everything must be picklable."""
        for place, line in enumerate(self._lines):
            line.send(_Order(open_store, realm, jobs[place::_HANDS]))
        answers = [self._answer(line) for line in self._lines]
        outcomes: list[Outcome] = [Outcome()] * len(jobs)
        for place, answer in enumerate(answers):
            if isinstance(answer, _Failure):
                self.close(patience=0)
                raise AssertionError(f"A process could not work on the storage:\n{answer.reason}")
            outcomes[place::_HANDS] = answer
        return outcomes

    def close(self, *, patience: float = PATIENCE) -> None:
        """End the processes, by force when they take longer. Closing again does no harm."""
        while self._lines:
            self._lines.pop().close()
        while self._processes:
            process = self._processes.pop()
            process.join(patience)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()

    @staticmethod
    def _answer(line: Connection) -> list[Outcome] | _Failure:
        if not line.poll(2 * PATIENCE):
            return _Failure("It gave no answer in time.")
        try:
            answer: list[Outcome] | _Failure = line.recv()
        except (EOFError, OSError):
            return _Failure("It ended before it had answered.")
        return answer


def _work(line: Connection, gate: Barrier) -> None:
    while True:
        try:
            order: _Order = line.recv()
        except EOFError:
            return
        line.send(_carry_out(order, gate))


def _carry_out(order: _Order, gate: Barrier) -> list[Outcome] | _Failure:
    import traceback  # only for failures, and each process starts anew

    try:
        with Bench(order.open_store, realm=order.realm) as bench:
            gate.wait(PATIENCE)
            return bench.run(bench.race(order.jobs))
    except Exception:  # noqa: BLE001 - it is reported by the process that asked
        gate.abort()
        return _Failure(traceback.format_exc())
