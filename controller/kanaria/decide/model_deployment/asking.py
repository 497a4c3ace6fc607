"""What are the Jobs called that ask a candidate's servers, and by which address do they reach them?"""

from kanaria.api.model_deployment import Trial
from kanaria.decide.model_deployment.scene import Scene
from kanaria.serving.naming import backend_name
from kanaria.vocabulary.objects import Manifest, content_hash, label_safe

_LONGEST = 40


def job_name(scene: Scene, mark: str, trial: Trial, number: int) -> str:
    """The Job of this number of the trial; `mark` tells what it is for."""
    return f"{_stem(scene, mark)}{content_hash([scene.md.metadata.uid, trial.id, number], 6)}"


def jobs_for(scene: Scene, mark: str) -> dict[str, Manifest]:
    """The Jobs that are there for this; the ModelDeployment's own name may hold any mark."""
    return {name: job for name, job in scene.seen.jobs.items() if name.startswith(_stem(scene, mark))}


def address(scene: Scene, predictor: str) -> str:
    """Where the servers of a predictor answer."""
    backend, namespace = backend_name(scene.md.metadata.name, predictor), scene.md.metadata.namespace
    if scene.seen.serving_url:
        return f"{scene.seen.serving_url.rstrip('/')}/services/{namespace}/{backend}"
    return f"http://{backend}.{namespace}.svc"


def _stem(scene: Scene, mark: str) -> str:
    return f"{label_safe(scene.md.metadata.name, _LONGEST)}{mark}"
