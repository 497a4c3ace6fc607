"""How a MetricPolicy is observed, and what its next plan is."""

from pydantic import ValidationError

from kanaria.api import MetricPolicy
from kanaria.api.resource import API_VERSION
from kanaria.decide.metric_policy import decide
from kanaria.decide.unreadable import refuse
from kanaria.reconcile.world import World
from kanaria.vocabulary import ObjectName, ObjectRef, Plan


def plan_for(name: ObjectName, world: World) -> Plan | None:
    """The next plan of a policy; None when it is gone."""
    body = world.objects.get(ObjectRef(API_VERSION, "MetricPolicy", name.namespace, name.name))
    if body is None:
        return None
    try:
        policy = MetricPolicy.read(body)
    except ValidationError as error:
        return refuse(body, error, world.now())
    return decide(policy, world.now())
