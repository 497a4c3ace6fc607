"""In which order the objects of a commit are applied."""

from collections.abc import Iterable

from kanaria.decide.git_sync.read_file import Wanted

_FIRST = (
    "Namespace",
    "CustomResourceDefinition",
    "ServiceAccount",
    "ClusterRole",
    "Role",
    "ClusterRoleBinding",
    "RoleBinding",
)
# What others refer to comes before them; the kinds not named here come in the middle.
_BEFORE = ("Secret", "ConfigMap", "PersistentVolume", "PersistentVolumeClaim", "Service", "MetricPolicy")
_AFTER = ("ModelDeployment", "MLPipeline", "GitSync")


def staged(wanted: Iterable[Wanted]) -> tuple[tuple[Wanted, ...], tuple[Wanted, ...]]:
    """What must be there before the rest can even be asked for, and the rest; both in order."""
    ordered = sorted(wanted, key=_rank)
    return (
        tuple(each for each in ordered if each.ref.kind in _FIRST),
        tuple(each for each in ordered if each.ref.kind not in _FIRST),
    )


def _rank(wanted: Wanted) -> tuple[int, str, str]:
    order = (*_FIRST, *_BEFORE, "", *_AFTER)
    kind = wanted.ref.kind
    return (order.index(kind) if kind in order else order.index(""), kind, wanted.ref.name)
