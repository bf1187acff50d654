"""Long works of administration: each in a thread of its own, few at once, with what it says on the way."""

import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from alerting.web.admin.office import Say, Wrong

log: Final = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 2
KEPT: Final = 40
KEPT_MS: Final = 60 * 60_000
BUSY: Final = "Dua pekerjaan panjang masih berjalan. Tunggu salah satunya selesai, lalu coba lagi."
FAILED: Final = (
    "Pekerjaan ini gagal karena kesalahan di dalam program; tidak ada yang diubah olehnya lagi. Lihat log web."
)


@dataclass(slots=True, kw_only=True)
class Job:
    """``result`` is there when it is done; ``wrong`` when it did not come about. ``then`` is the page of its result."""

    id: str
    title: str
    by: str
    then: str
    began: int
    key: str | None = None
    said: str = ""
    share: float | None = None
    state: Literal["running", "done", "failed"] = "running"
    ended: int | None = None
    result: Any = None
    wrong: tuple[str, ...] = ()


class Jobs:
    """Keeps the last ones for an hour; what they found is gone with the process, like any page that was not saved."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, title: str, work: Callable[[Say], Any], *, by: str, then: str = "", key: str | None = None) -> Job:
        """Begin ``work`` in a thread; ``{id}`` in ``then`` becomes the job's id. Raises Wrong when too many run.

        A form that is sent twice has the same ``key``: it gets the work that its first sending began.
        """
        with self._lock:
            self._forget()
            known = next((job for job in self._jobs.values() if key is not None and job.key == key), None)
            if known is not None:
                return known
            if sum(job.state == "running" for job in self._jobs.values()) >= MOST_AT_ONCE:
                raise Wrong(BUSY)
            name = secrets.token_urlsafe(9)
            job = Job(id=name, title=title, by=by, then=then.format(id=name), began=self._now(), key=key)
            self._jobs[name] = job
        threading.Thread(target=self._run, args=(job, work), name=f"job-{name}", daemon=True).start()
        return job

    def get(self, name: str) -> Job | None:
        return self._jobs.get(name)

    def done(self, name: str, kind: type[Any]) -> Job | None:
        """A job that has come to a result of ``kind``."""
        job = self._jobs.get(name)
        return job if job is not None and isinstance(job.result, kind) else None

    def _run(self, job: Job, work: Callable[[Say], Any]) -> None:
        def say(sentence: str, share: float | None = None) -> None:
            job.said, job.share = sentence, share

        try:
            job.result = work(say)
            state: Literal["done", "failed"] = "done"
        except Wrong as error:
            job.wrong, state = error.sentences, "failed"
        except Exception:
            log.exception("a job failed: %s", job.title)
            job.wrong, state = (FAILED,), "failed"
        job.ended, job.state = self._now(), state

    def _forget(self) -> None:
        now = self._now()
        for name, job in list(self._jobs.items()):
            is_old = job.ended is not None and now - job.ended > KEPT_MS
            if job.state != "running" and (is_old or len(self._jobs) > KEPT):
                del self._jobs[name]
