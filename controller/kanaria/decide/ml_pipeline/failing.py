"""Which stable model is watched and found worse than it was, by which policy."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from kanaria.triggers.kind import Failing
from kanaria.vocabulary.objects import Manifest

Watched = tuple[str, str]
"""Name of a ModelDeployment, and of a MetricPolicy."""


def found_failing(deployments: Iterable[Manifest]) -> Mapping[Watched, Failing]:
    """The metric that has failed longest, by ModelDeployment and policy."""
    found: dict[Watched, Failing] = {}
    for deployment in deployments:
        for each in (deployment.get("status") or {}).get("watch") or ():
            if each.get("verdict") != "Failed":
                continue
            since = datetime.fromisoformat(each["since"])
            key = (deployment["metadata"]["name"], each["policy"])
            if key not in found or since < found[key].since:
                found[key] = Failing(each["metric"], since, str(each.get("version", "")), str(each.get("evidence", "")))
    return found
