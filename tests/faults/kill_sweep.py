"""The kill sweep: ``python -m tests.faults.kill_sweep --help``.

Everything that it needs is started on loopback. The oracle is kept outside of every process that is killed: the ACKs
that the broker handed out, and what the provider took. Ends with 1 when something was lost, stored twice, not told or
told again.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.faults import disk_faults, random_kills, write_kills


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {line}", flush=True)


def _random(args: argparse.Namespace, _: Path) -> list[str]:
    seed = _seed(args)
    if args.kills <= random_kills.ROUND:
        done = random_kills.sweep(args.kills, seed, _say, has_influx=args.influx)
        print("\n".join(done.lines()))
        return done.faults
    began, killed = time.monotonic(), 0
    faults: list[str] = []
    for done in random_kills.sweep_in_rounds(args.kills, seed, parallel=args.parallel, has_influx=args.influx):
        killed += done.killed.total()
        faults += [f"{fault} (seed {done.seed})" for fault in done.faults]
        _say("; ".join(done.lines()))
    _say(f"{killed} kills in {time.monotonic() - began:.0f} s, {len(faults)} faults")
    print("\n".join(faults))
    return faults


def _writes(args: argparse.Namespace, folder: Path) -> list[str]:
    done = write_kills.sweep(folder, _say, every=args.every)
    print("\n".join(done.lines()))
    return done.faults


def _disk(args: argparse.Namespace, folder: Path) -> list[str]:
    done = disk_faults.sweep(folder, _say, seed=_seed(args), rounds=args.rounds)
    print("\n".join(done.lines()))
    return done.faults


def _seed(args: argparse.Namespace) -> int:
    seed = random.randrange(2**32) if args.seed is None else int(args.seed)
    _say(f"seed {seed}")
    return seed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults.kill_sweep", description="Kills, and counts the dead."
    )
    kinds = parser.add_subparsers(required=True, metavar="KIND")
    killed = kinds.add_parser("random", help="broker, core, history and nodes killed at random moments")
    killed.add_argument("--kills", type=int, default=200, help="how many (200)")
    killed.add_argument("--seed", type=int, help="the same seed chooses the same victims and pauses")
    killed.add_argument("--influx", action="store_true", help="history is an InfluxDB, which is killed too")
    killed.add_argument("--parallel", type=int, default=2, help="installations at a time, of 100 kills each (2)")
    killed.set_defaults(run=_random)
    writes = kinds.add_parser("writes", help="core killed at every write of one alert, and of its own start")
    writes.add_argument("--every", type=int, default=1, help="only every n-th point of each system call (1)")
    writes.set_defaults(run=_writes)
    disk = kinds.add_parser("disk", help="the disk full, failing and slow while an alert is raised")
    disk.add_argument("--rounds", type=int, default=5, help="how often each kind of fault comes (5)")
    disk.add_argument("--seed", type=int, help="the same seed chooses the same moments")
    disk.set_defaults(run=_disk)
    return parser


def main() -> int:
    args = _parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="ktk-") as folder:
        faults = args.run(args, Path(folder))
    print(f"{len(faults)} faults" if faults else "no fault")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
