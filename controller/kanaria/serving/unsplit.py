"""How is a model served where nothing can split its traffic: one Deployment, changed as a whole?

KServe in Standard mode behind an Ingress. The predictor bears no name of its own, so that a change is a rolling update
of the one Deployment: new servers are up before old ones go. Nothing can stand beside it, so nothing is tried.
"""

from dataclasses import replace

from kanaria.serving.arrangement import Arrangement, Predictor, least_replicas
from kanaria.serving.kserve import STANDARD, Owner, Servers, Serving, said, servers_of, updated_at
from kanaria.serving.marked import manifest, marked, named, unmarked
from kanaria.serving.naming import SCALING, backend_name, unscaled
from kanaria.serving.way import Live, Put, Step
from kanaria.vocabulary import ObjectRef


class Unsplit:
    """One predictor at a time."""

    lays_over = False
    several_nodes = True
    selects = False
    writes_route = False
    uncounted: frozenset[str] = frozenset()

    def remedy(self, name: str) -> str:
        """What would split traffic."""
        del name
        return (
            "install the Gateway API and set ingress.enableGatewayApi: true in KServe's ConfigMap "
            "inferenceservice-config, or install Knative Serving; then set KANARIA_CANARY_ROUTING to auto"
        )

    def steps(self, owner: Owner, arrangement: Arrangement, live: Live) -> tuple[Step, ...]:
        """The main predictor and nothing else."""
        scale = {**arrangement.scaling, "minReplicas": least_replicas(arrangement.scaling)}
        predictor = {**marked(arrangement.main), **scale}
        wanted = manifest(owner, STANDARD, {"predictor": predictor})
        return (
            Put(wanted, manifest(owner, STANDARD, {"predictor": {"maxReplicas": None, **predictor}}), live.service),
        )

    def removal(self, live: Live) -> tuple[ObjectRef, ...]:
        """The InferenceService: all else is KServe's."""
        return () if live.service is None else (ObjectRef.of(live.service),)

    def observe(self, live: Live, known: str) -> Serving:
        """The one Deployment answers all requests, once it is wholly of the template that is asked for."""
        del known
        if live.service is None:
            return Serving(room=0)
        template = live.service["spec"]["predictor"]
        scaling = {key: value for key, value in template.items() if key in SCALING}
        main = Predictor(named(template), unscaled(unmarked(template)), least_replicas(template))
        deployment = live.deployments.get(backend_name(str(live.service["metadata"]["name"]), ""))
        found = servers_of(deployment, 0)
        if deployment is not None and named(deployment["metadata"]) != main.name:
            found = Servers(available=found.available, message="KServe has not taken up the change yet")
        elif deployment is not None and not found.settled:
            found = replace(found, since=updated_at(deployment))
        serves = found.settled and found.available > 0
        status = live.service.get("status") or {}
        return Serving(
            arrangement=Arrangement(main, (), scaling),
            servers={main.name: replace(found, routed=100 if serves else 0)},
            routed=found.available > 0,
            accepted=serves,
            url=status.get("url"),
            message=said(status),
            room=0,
        )


UNSPLIT = Unsplit()
