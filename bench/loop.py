"""What does the loop cost an API server, and does a commit ever restart what serves for nothing?

    python bench/loop.py

Plays acts a and b of the demo on a local cluster, counts act b's requests, then 30 s at rest, then 20 commits that
change nothing that serves.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from measured_loop import OPERATOR, Measured, a_town, measure


def tell(measured: Measured) -> None:
    print(f"act b took {measured.seconds:.0f} s; requests by program:")
    by_program: Counter[str] = Counter()
    for request, count in measured.requests.items():
        by_program[request.split(" ")[0]] += count
    for program, count in by_program.most_common():
        print(f"  {count:6,}  {program}")
    print("the operator's, by verb and resource:")
    for request, count in measured.requests.most_common():
        if request.split(" ")[0].partition("/")[0] == OPERATOR:
            print(f"  {count:6,}  {request.partition(' ')[2]}")
    print("status writes, and different statuses seen, by object:")
    for name in sorted(measured.status_writes | measured.statuses):
        print(f"  {measured.status_writes[name]:4} {measured.statuses[name]:4}  {name}")
    print(f"  {measured.status_writes.total():4} {measured.statuses.total():4}  in all")
    print(f"writes of the operator in 30 s at rest: {len(measured.at_rest)}")
    print(f"model servers: {len(measured.servers[0])}; restarted by 20 commits: {measured.restarts}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="kanaria-loop-") as folder, a_town(Path(folder, "town")) as info:
        tell(measure(info))
