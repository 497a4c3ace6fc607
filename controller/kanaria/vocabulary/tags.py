"""Which tags Kanaria puts on model versions in MLflow: what is told of a version once its run's object is gone."""

import json
from collections.abc import Iterable, Mapping

from kanaria.vocabulary.objects import ObjectName, label_safe

RUN = "kanaria.run"
"""Namespace and name of the MLPipelineRun."""
PIPELINE = "kanaria.pipeline"
"""Namespace and name of its MLPipeline."""
REPLAYS = "kanaria.replays"
"""Name of the run that this one repeats."""
COMMIT = "kanaria.commit"
"""The commit of the code."""
CODE = "kanaria.code"
"""The repository of the code."""
CAUSE = "kanaria.cause"
"""Which trigger fired, and what it saw."""
IMAGES = "kanaria.images"
"""The images that ran, each with its steps, as JSON."""
GATES = "kanaria.gates"
"""What the gates said together."""
GATE = "kanaria.gate."
"""Prefix of what one metric of a policy said: POLICY.METRIC."""
DATA = "kanaria.data."
"""Prefix of the digest of an entry of spec.data."""
PROPOSED = "kanaria.proposed."
"""Prefix of the commit that proposed the version to a ModelDeployment: NAMESPACE.NAME."""
PROMOTED = "kanaria.promoted."
"""Prefix of the commit with which the version became stable there."""
VALUE_MAX = 4000
_NAME_MAX = 200


def of_deployment(prefix: str, name: ObjectName) -> str:
    """The key of what is told for one ModelDeployment."""
    return f"{prefix}{label_safe(f'{name.namespace}.{name.name}', _NAME_MAX)}"


def images_told(images: Iterable[tuple[str, str]]) -> str:
    """Steps and their images as one value; what is too long for a tag is left out."""
    by_image: dict[str, list[str]] = {}
    for step, image in images:
        told = json.dumps({**by_image, image: [*by_image.get(image, []), step]})
        if len(told) <= VALUE_MAX:
            by_image.setdefault(image, []).append(step)
    return json.dumps(by_image) if by_image else ""


def images_of(value: str) -> Mapping[str, str]:
    """The image of each step, as such a value tells; none of one that cannot be read."""
    try:
        found = json.loads(value) if value else {}
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(step): image for image, steps in found.items() if isinstance(steps, list) for step in steps}
