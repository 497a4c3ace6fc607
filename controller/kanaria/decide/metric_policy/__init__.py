"""Can a MetricPolicy be used, and which metrics has it?"""

from datetime import datetime

from kanaria.api.conditions import Reason
from kanaria.api.metric_policy import MetricPolicy
from kanaria.decide.readiness import Ready, conditions, notices, status_write
from kanaria.vocabulary import GO, Plan

NAMES_MAX = 512


def decide(policy: MetricPolicy, now: datetime) -> Plan:
    """A policy that can be read is ready."""
    names = ", ".join(metric.name for metric in policy.spec.metrics)
    generation = policy.metadata.generation
    ready = Ready(Reason.SUCCEEDED, f"judges {names}"[:NAMES_MAX])
    told = conditions(policy.status.conditions, GO, ready, generation, now)
    status = policy.status.model_copy(
        update={"conditions": told, "observed_generation": generation, "metrics": names[:NAMES_MAX]}
    )
    return Plan(acts=status_write(policy, status), notices=notices(policy.status.conditions, told))
