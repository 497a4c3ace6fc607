"""How does KServe itself split the traffic: one InferenceService with `spec.canary[]`, and KServe's HTTPRoute?"""

from kanaria.serving.arrangement import Arrangement
from kanaria.serving.kserve import Owner, Serving, expectation, observe, render
from kanaria.serving.way import Live, Put, Step
from kanaria.vocabulary import ObjectRef


class Native:
    """KServe's own canary."""

    lays_over = True
    several_nodes = False
    selects = False
    writes_route = False
    uncounted: frozenset[str] = frozenset()

    def remedy(self, name: str) -> str:
        """KServe must be told to, and be able to."""
        del name
        return (
            "set ingress.enableGatewayApi: true in KServe's ConfigMap inferenceservice-config, and use a release after "
            "0.20.0, which accepts spec.canary and routes nothing; or begin anew with a Gateway named in spec.routing, "
            "or with the annotation serving.kserve.io/deploymentMode: Knative; where there is neither Gateway API nor "
            "Knative, KANARIA_CANARY_ROUTING=none serves stable and tries nothing"
        )

    def steps(self, owner: Owner, arrangement: Arrangement, live: Live) -> tuple[Step, ...]:
        """One InferenceService says it all."""
        return (Put(render(owner, arrangement), expectation(owner, arrangement), live.service),)

    def removal(self, live: Live) -> tuple[ObjectRef, ...]:
        """The InferenceService: all else is KServe's."""
        return () if live.service is None else (ObjectRef.of(live.service),)

    def observe(self, live: Live, known: str) -> Serving:
        """The InferenceService says itself which predictor is the main one."""
        del known
        return observe(live.service, live.deployments, live.route)


NATIVE = Native()
