"""Which GitSync writes back what becomes of a ModelDeployment?"""

from kanaria.api import ModelDeployment
from kanaria.vocabulary import marks


def written_by(deployment: ModelDeployment) -> str:
    """The one whose file it names, or else the one that applied it; empty where there is none."""
    git = deployment.spec.git
    return git.sync_ref.name if git else deployment.metadata.labels.get(marks.GIT_SYNC, "")
