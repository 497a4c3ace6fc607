"""What becomes of the Jobs that measure, as a Job controller and a kubelet would tell it."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

Thing = dict[str, Any]
TAKES = timedelta(seconds=2)
LOOK = timedelta(seconds=20)


def play_jobs(
    jobs: dict[str, Thing], pods: dict[str, Thing], now: datetime, number: Callable[[str], float | None] | None
) -> None:
    """A Job is over two seconds after it was made: it writes the numbers of both Services, or fails without any."""
    for name, job in jobs.items():
        if "-preflight-" in name or "-shadow-" in name or "status" in job or now < job["began"] + TAKES:
            continue
        env = {each["name"]: each["value"] for each in job["spec"]["template"]["spec"]["containers"][0]["env"]}
        said = "no database"
        if number is not None:
            value, baseline = (number(env[f"KANARIA_{arm}_SERVICE"]) for arm in ("CANDIDATE", "STABLE"))
            said = json.dumps({"value": value, "baseline": baseline})
        how = "Complete" if number is not None else "Failed"
        job["status"] = {"conditions": [{"type": how, "status": "True", "lastTransitionTime": now.isoformat()}]}
        ended = {"exitCode": int(number is None), "message": said}
        pods[name] = {"status": {"containerStatuses": [{"name": "step", "state": {"terminated": ended}}]}}


def play_shadows(jobs: dict[str, Thing], pods: dict[str, Thing], now: datetime, said: str | None) -> None:
    """A Job that compares takes copies two seconds after it was made, and says what it counted after its look."""
    for name, job in jobs.items():
        if "-shadow-" not in name or "status" in job or now < job["began"] + TAKES:
            continue
        state: Thing = {"running": {}}
        if now >= job["began"] + LOOK:
            how = "Complete" if said is not None else "Failed"
            job["status"] = {"conditions": [{"type": how, "status": "True", "lastTransitionTime": now.isoformat()}]}
            state = {"terminated": {"exitCode": int(said is None), "message": said or "no image"}}
        pods[name] = {"status": {"containerStatuses": [{"name": "step", "state": state}]}}
