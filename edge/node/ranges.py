"""Sets of (boot, sequence number), packed: twelve bytes for each run of consecutive numbers."""

from array import array


class Ranges:
    """Runs (boot, first, last), both ends included; all three fit in 32 bits."""

    def __init__(self):
        self._runs = array("I")

    def __len__(self):
        """How many runs there are, which is what they cost."""
        return len(self._runs) // 3

    def __iter__(self):
        runs = self._runs
        for index in range(0, len(runs), 3):
            yield runs[index], runs[index + 1], runs[index + 2]

    def total(self):
        """How many numbers are in all the runs together."""
        return sum(last - first + 1 for _, first, last in self)

    def has(self, boot, seq):
        for of_boot, first, last in self:
            if of_boot == boot and first <= seq <= last:
                return True
        return False

    def add(self, boot, first, last):
        """Put ``first`` to ``last`` in; it joins the newest run when it follows on that."""
        runs = self._runs
        if len(runs) and runs[-3] == boot and runs[-1] + 1 == first:
            runs[-1] = last
        else:
            runs.extend(array("I", (boot, first, last)))

    def remove(self, boot, first, last):
        """Take ``first`` to ``last`` out; returns the runs that were really in."""
        taken = [run for run in self if run[0] == boot and run[1] <= last and run[2] >= first]
        if taken:
            self._rebuild(boot, first, last)
        return [(boot, max(run[1], first), min(run[2], last)) for run in taken]

    def _rebuild(self, boot, first, last):
        kept = Ranges()
        for of_boot, low, high in self:
            if of_boot != boot or high < first or low > last:
                kept.add(of_boot, low, high)
                continue
            if low < first:
                kept.add(boot, low, first - 1)
            if high > last:
                kept.add(boot, last + 1, high)
        self._runs = kept._runs
