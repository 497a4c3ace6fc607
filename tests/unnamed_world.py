"""The small world of a ModelDeployment whose predictor bears no name: by Knative, or where nothing splits traffic.

KServe's and Knative's part is the local cluster's own pure planning; which version a server is of stands in its label.
"""

import copy
from dataclasses import dataclass

from kanaria.decide.model_deployment import Seen
from kanaria.serving.choice import Asked, CanaryRouting, choose
from kanaria.serving.naming import PREDICTOR_LABEL
from kanaria.serving.way import Live
from model_world import ModelWorld, Thing

OF_REVISION = "-deployment"


@dataclass
class UnnamedWorld(ModelWorld):
    """All that a ModelDeployment named `wine` meets under this setting of the platform team's."""

    setting: CanaryRouting = CanaryRouting.KNATIVE

    def seen(self) -> Seen:
        live = Live(copy.deepcopy(self.service), (), self.deployments, None)
        chosen = choose(self.setting, Asked(), live)
        stable = self.read_md().status.stable
        return Seen(
            live=live,
            way=chosen.way,
            unroutable=chosen.objection,
            serving=chosen.way.observe(live, stable.predictor_name if stable else ""),
            policies=dict(self.policies),
            answer=self.answer,
            failure=self.failure,
            way_back=self.way_back,
            metrics_url="http://127.0.0.1:9/metrics",
        )

    def asked(self, version: str) -> int:
        """The percent that KServe is asked to give the version's template; all of it where no percent is named."""
        template = self.service["spec"]["predictor"] if self.service else {}
        if not template.get("labels", {}).get(PREDICTOR_LABEL, "").startswith(f"v{version}-"):
            return 0
        return int(template.get("canaryTrafficPercent", 100))

    def weight(self, version: str) -> int:
        return sum(share for backend, share in self.weights().items() if self.version_of(backend) == version)

    def version_of(self, backend: str) -> str:
        """The version that a revision, or a Deployment, is of."""
        found = self.deployments.get(f"{backend}{OF_REVISION}") or self.deployments[backend]
        return str(found["metadata"]["labels"][PREDICTOR_LABEL]).removeprefix("v").rpartition("-")[0]

    def up(self, version: str) -> int:
        """How many servers of the version are available."""
        return sum(
            thing.get("status", {}).get("availableReplicas", 0)
            for name, thing in self.deployments.items()
            if self.version_of(name) == version
        )

    def is_broken(self, name: str, deployment: Thing) -> bool:
        del name
        return any(deployment["metadata"]["labels"][PREDICTOR_LABEL].startswith(part) for part in self.broken)

    def _requests(self) -> None:
        for backend, share in self.weights().items():
            found = self.deployments.get(f"{backend}{OF_REVISION}") or self.deployments[backend]
            if not found.get("status", {}).get("availableReplicas", 0):
                self.unserved += self.rps * share / 100
