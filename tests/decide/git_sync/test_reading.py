"""Files of the repository are read strictly, and each fault names place, fact and remedy."""

from typing import Any

import pytest

from kanaria.decide.git_sync import FileRead, Tree, is_manifest, read_file, read_tree
from kanaria.decide.git_sync.read_file import SIZE_MAX
from kanaria.decide.git_sync.stages import staged
from kanaria.vocabulary import ObjectRef

SYNC = ObjectRef("kanaria.dev/v1alpha1", "GitSync", "wine", "team")
POLICY = """\
apiVersion: kanaria.dev/v1alpha1
kind: MetricPolicy
metadata: {name: offline}
spec:
  metrics:
    - name: accuracy
      mlflow: {key: accuracy}
      threshold: {min: 0.9}
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"


def read(text: str, path: str = "deploy/x.yaml") -> FileRead:
    return read_file(path, text.encode(), SYNC)


def tree(links: dict[str, str] | None = None, **files: str) -> Tree:
    found = {f"{name}.yaml": read(text, f"{name}.yaml") for name, text in files.items()}
    return read_tree(found, links or {}, SYNC, found=True)


def test_an_object_gets_the_syncs_namespace_and_label_and_loses_what_is_the_servers():
    text = CONFIG + "  uid: x\n  creationTimestamp: null\n  labels: {app: wine}\ndata: {k: v}\nstatus: {x: 1}\n"

    (wanted,) = read("---\n# first\n---\n" + text).objects

    assert (wanted.ref, wanted.place) == (ObjectRef("v1", "ConfigMap", "wine", "a"), "deploy/x.yaml, line 4")
    assert wanted.manifest == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "wine", "labels": {"app": "wine", "kanaria.dev/git-sync": "team"}},
        "data": {"k": "v"},
    }


def test_json_is_read_like_yaml():
    text = '{\n\t"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}'

    assert [str(wanted.ref) for wanted in read(text, "s.json").objects] == ["Secret wine/s"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("a: [\n", "line 2: did not find expected node content", id="no YAML"),
        pytest.param(CONFIG + "kind: Secret\n", "line 5: the key 'kind' stands twice", id="a key twice"),
        pytest.param("- a\n", "line 1: it is no object: a manifest begins with apiVersion", id="a list"),
        pytest.param("apiVersion: v1\n", "line 1: kind is missing", id="no kind"),
        pytest.param("apiVersion: v1\nkind: Pod\n", "metadata.name of this Pod is missing", id="no name"),
        pytest.param(CONFIG.replace("name: a", "name: 5"), "line 4: metadata.name", id="a number as name"),
        pytest.param(CONFIG + "  labels: [a]\n", "line 5: metadata.labels must be", id="labels that are none"),
        pytest.param(
            CONFIG + "  namespace: beer\n",
            "line 5: ConfigMap beer/a is of another namespace; this GitSync applies to wine only",
            id="another tenant's namespace",
        ),
        pytest.param("apiVersion: v1\nkind: List\nitems: []\n", "write its items as documents", id="a List"),
        pytest.param("version https://git-lfs.github.com/spec/v1\noid x\n", "Git LFS pointer", id="LFS"),
        pytest.param(
            POLICY.replace("v1alpha1", "v2"), "line 1: apiVersion kanaria.dev/v2 is not known here", id="a new version"
        ),
        pytest.param(
            POLICY.replace("MetricPolicy", "MetricPolice"),
            "line 2: kanaria.dev has no kind MetricPolice; its kinds are GitSync, MLPipeline",
            id="a kind that is none of ours",
        ),
        pytest.param(
            POLICY.replace("min: 0.9", "mni: 0.9"),
            "line 8: spec.metrics[0].threshold.mni: there is no such field: remove it, or mend its spelling",
            id="a misspelt field",
        ),
        pytest.param(POLICY.replace("min: 0.9", "min: high"), "not 'high'", id="a wrong type"),
        pytest.param(
            POLICY.replace("      mlflow: {key: accuracy}\n", ""),
            "line 6: spec.metrics[0]: exactly one source is needed",
            id="a source that is missing",
        ),
        pytest.param(
            POLICY.replace("spec:", "sepc:"),
            "sepc: there is no such field",
            id="what is there says more than what is not",
        ),
    ],
)
def test_a_fault_is_told_with_place_fact_and_remedy(text: str, fault: str):
    found = read(text)

    assert found.objects == ()
    assert str(found.faults[0]).startswith("deploy/x.yaml")
    assert fault in str(found.faults[0])


def test_what_is_no_text_is_told():
    assert "save it as UTF-8" in read_file("x.yaml", b"\xff\xfe", SYNC).faults[0].sentence


def test_the_good_documents_of_a_bad_file_are_known():
    found = read(CONFIG + "---\nkind: x\n---\n" + POLICY)

    assert [wanted.ref.name for wanted in found.objects] == ["a", "offline"]
    assert len(found.faults) == 1


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("deploy/a.yaml", True),
        ("a.yml", True),
        ("a.json", True),
        ("README.md", False),
        (".github/workflows/ci.yaml", False),
        ("deploy/.hidden.yaml", False),
    ],
)
def test_manifests_are_yaml_and_json_files_that_are_not_hidden(path: str, *, expected: bool):
    assert is_manifest(path) is expected


def test_one_object_in_two_files_is_refused_with_both_places():
    found = tree(a=CONFIG, b="# again\n" + CONFIG)

    assert list(map(str, found.faults)) == [
        "b.yaml, line 2: ConfigMap wine/a stands also in a.yaml, line 1: remove one"
    ]


@pytest.mark.parametrize(
    ("kind", "namespaced", "namespace", "label"),
    [
        pytest.param("Cluster", True, "wine", "team", id="a namespaced kind that is called Cluster"),
        pytest.param("NodePool", False, "", "wine.team", id="a cluster-wide kind that nobody would guess"),
        pytest.param("ClusterQueue", None, "", "wine.team", id="guessed while nothing is known"),
        pytest.param("Queue", None, "wine", "team", id="guessed too"),
    ],
)
def test_the_api_server_says_which_kinds_belong_to_namespaces(
    kind: str,
    namespaced: bool | None,  # noqa: FBT001 - a table's column
    namespace: str,
    label: str,
):
    text = f"apiVersion: example.com/v1\nkind: {kind}\nmetadata: {{name: a}}\n"

    found = read_tree({"a.yaml": read(text)}, {}, SYNC, found=True, scope=lambda _version, _kind: namespaced)

    (wanted,) = found.objects.values()
    assert wanted.ref.namespace == wanted.manifest["metadata"].get("namespace", "") == namespace
    assert wanted.manifest["metadata"]["labels"] == {"kanaria.dev/git-sync": label}


def test_a_link_in_a_hidden_folder_is_of_other_tools():
    assert tree({".tools/skills": "symbolic link", "deploy/.cache/x": "submodule"}).faults == ()


def test_a_file_that_is_too_large_is_not_even_parsed():
    (fault,) = read_file("deploy/a.yaml", b"#" * (SIZE_MAX + 1), SYNC).faults

    assert "larger than the 4096 KiB" in fault.sentence


def test_of_thousands_of_faults_only_the_first_are_looked_for_in_the_file():
    text = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: 1}\n" * 3000

    faults = read_file("deploy/a.yaml", text.encode(), SYNC).faults

    assert len(faults) == 3000
    assert [fault.line for fault in (faults[0], faults[1], faults[-1])] == [4, 8, 2 + 4 * 2999]


@pytest.mark.parametrize(
    ("links", "count"),
    [
        pytest.param({"x.yaml": "symbolic link"}, 1, id="a link to a manifest"),
        pytest.param({"more": "symbolic link", "sub": "submodule"}, 2, id="what may be folders"),
        pytest.param({"README.md": "symbolic link"}, 0, id="a link that is none of ours"),
    ],
)
def test_links_and_submodules_are_refused(links: dict[str, str], count: int):
    assert len(tree(links).faults) == count


@pytest.mark.parametrize(
    ("kind", "namespace"),
    [("Namespace", ""), ("ClusterRole", ""), ("ConfigMap", "wine"), ("Wide", ""), ("Narrow", "wine")],
)
def test_only_what_belongs_to_a_namespace_gets_one(kind: str, namespace: str):
    crd = "\n---\n".join(
        f"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: {name.lower()}}}\n"
        f"spec: {{group: x.com, scope: {scope}, names: {{kind: {name}}}}}"
        for name, scope in (("Wide", "Cluster"), ("Narrow", "Namespaced"))
    )
    group = "x.com/v1" if kind in {"Wide", "Narrow"} else "v1"
    found = tree(a=crd, b=f"apiVersion: {group}\nkind: {kind}\nmetadata: {{name: x}}\n")

    (wanted,) = (w for w in found.objects.values() if w.ref.kind == kind)

    assert wanted.ref.namespace == namespace
    assert wanted.manifest["metadata"].get("namespace", "") == namespace
    assert wanted.manifest["metadata"]["labels"]["kanaria.dev/git-sync"] == ("team" if namespace else "wine.team")


def test_what_others_need_is_applied_before_them():
    kinds = [
        "MLPipeline",
        "Role",
        "Thing",
        "ModelDeployment",
        "Namespace",
        "RoleBinding",
        "ConfigMap",
        "ServiceAccount",
    ]
    texts = {kind: f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: x}}\n" for kind in kinds}

    first, rest = staged(tree(None, **texts).objects.values())

    assert [wanted.ref.kind for wanted in first] == ["Namespace", "ServiceAccount", "Role", "RoleBinding"]
    assert [wanted.ref.kind for wanted in rest] == ["ConfigMap", "Thing", "ModelDeployment", "MLPipeline"]


def test_the_digest_follows_the_contents_and_not_the_files():
    one: Any = tree(a=CONFIG, b=POLICY)

    assert one.digest == tree(c=POLICY + "---\n" + CONFIG).digest
    assert one.digest != tree(a=CONFIG + "data: {a: b}\n", b=POLICY).digest
