"""How the operator comes into a cluster of the suite: by helm where that is at hand, else by the examples."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from any_cluster import AnyCluster, documents
from kanaria.vocabulary.objects import content_hash
from rendered_chart import A_TEAM, CHART, SYSTEM, helm, helm_says, rendered

RELEASE = "kanaria"
ENGINES = ("engines.trainJob=true", "engines.rayJob=true")
# Pods that do not keep to it are refused.
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


def by_helm(cluster: AnyCluster) -> bool:
    """Whether the chart is installed; the local cluster knows no rights, and would start the Pods' processes."""
    return cluster.name != "local" and helm() is not None


def install(cluster: AnyCluster) -> None:
    """The operator's account with its rights; by helm also the Deployment, whose Pods a fake kubelet calls Ready."""
    if not by_helm(cluster):
        rights = [d for d in documents("operator-rbac.yaml") if d["metadata"].get("namespace") != "wine"]
        said = cluster.apply(*rights, namespace=SYSTEM)
        assert said.code == 0, said.err
        return
    said = cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM, "labels": RESTRICTED}})
    assert said.code == 0, said.err
    upgrade(cluster)


def upgrade(cluster: AnyCluster, *words: str, chart: str = str(CHART), fails: bool = False) -> str:
    """Install the chart, or bring the release to what it says; what helm prints, or its error where it must fail."""
    # The suite has installed the definitions already.
    where = ["--namespace", SYSTEM, "--kubeconfig", str(cluster.kubeconfig), "--set", "crds.install=false"]
    where += [word for engine in ENGINES for word in ("--set", engine)]
    done = helm_says("upgrade", "--install", RELEASE, chart, *where, *words)
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr if fails else done.stdout


@contextmanager
def team(cluster: AnyCluster, of: str) -> Iterator[str]:
    """A namespace as a team is given it."""
    name = f"team-{content_hash([of, os.getpid()], 8)}"
    said = cluster.apply(*_documents_of(cluster, name), namespace=name)
    assert said.code == 0, said.err
    try:
        yield name
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false", check=False)


def _documents_of(cluster: AnyCluster, name: str) -> list[dict[str, Any]]:
    """The namespace of a team, with the accounts and rights that the chart gives, or the examples do."""
    if not by_helm(cluster):
        made = [d for d in documents("bootstrap.yaml", name) if d["kind"] != "GitSync"]
        return made + [d for d in documents("operator-rbac.yaml", name) if d["metadata"].get("namespace") == name]
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    given = [d for d in rendered(*A_TEAM, *ENGINES) if d["metadata"].get("namespace") == "wine"]
    return [namespace, *yaml.safe_load(yaml.safe_dump(given).replace("wine", name))]
