"""What the chart grants: nothing of everything, no Secret but a team's for Git, nobody's name but a team's accounts."""

import pytest
import yaml

from rendered_chart import A_TEAM, ROOT, Manifest, of_kind, rendered, rules_of

SETTINGS = [
    pytest.param((), id="no team"),
    pytest.param((*A_TEAM, "rbac.namespaces[1].name=beer"), id="two teams"),
]
WRITING = {"create", "update", "patch", "delete", "deletecollection", "bind", "escalate"}
OWN = {"events", "gitsyncs", "mlpipelineruns", "leases"}


@pytest.mark.parametrize("settings", SETTINGS)
def test_no_rule_has_a_wildcard(settings: tuple[str, ...]):
    rules = [rule for _, rule in rules_of(rendered(*settings))]

    words = {word for rule in rules for key in rule for word in rule[key]}
    assert [word for word in words if "*" in word] == []


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_secret_is_read_by_name_in_the_namespace_of_its_team(settings: tuple[str, ...]):
    reading = [(role, rule) for role, rule in rules_of(rendered(*settings)) if "secrets" in rule["resources"]]

    assert {role["kind"] for role, _ in reading} <= {"Role"}
    assert all(rule["verbs"] == ["get"] and rule["resourceNames"] for _, rule in reading)


@pytest.mark.parametrize("settings", SETTINGS)
def test_nobody_is_impersonated_but_the_two_accounts_of_a_team(settings: tuple[str, ...]):
    acting = [(role, rule) for role, rule in rules_of(rendered(*settings)) if "impersonate" in rule["verbs"]]

    assert {role["kind"] for role, _ in acting} <= {"Role"}
    assert all(rule["resourceNames"] == ["kanaria-sync", "kanaria-runner"] for _, rule in acting)
    assert all(rule["resources"] == ["serviceaccounts"] for _, rule in acting)


def test_more_accounts_of_a_team_are_acted_as_where_the_platform_team_names_them_and_only_there():
    more = "rbac.namespaces[0].serviceAccounts={trainer,kanaria-sync}"
    objects = rendered(*A_TEAM, more, "rbac.namespaces[1].name=beer")

    acting = {
        role["metadata"]["namespace"]: rule["resourceNames"]
        for role, rule in rules_of(objects)
        if "impersonate" in rule["verbs"]
    }
    assert acting["wine"] == ["kanaria-sync", "kanaria-runner", "trainer"]
    assert acting["beer"] == ["kanaria-sync", "kanaria-runner"]
    # They are the platform team's: the chart makes none, and gives none a right.
    assert [each for each in objects if each["metadata"]["name"] == "trainer"] == []


def test_nothing_is_read_by_name_but_what_cannot_be_listed():
    rules = [rule for _, rule in of_the_operator(rendered(*A_TEAM)) if "get" in rule["verbs"]]

    assert {resource for rule in rules for resource in rule["resources"]} == {"events", "leases", "secrets"}


@pytest.mark.parametrize(
    ("settings", "listed"),
    [
        pytest.param((), [["kube-system"]], id="by its UID"),
        pytest.param(("clusterName=prod-tokyo",), [], id="by the name that it was given"),
    ],
)
def test_of_the_namespaces_the_one_is_listed_that_tells_the_cluster_from_others(
    settings: tuple[str, ...], listed: list[list[str]]
):
    rules = [rule for _, rule in of_the_operator(rendered(*settings)) if "namespaces" in rule["resources"]]

    assert [rule["resourceNames"] for rule in rules] == listed
    assert all(rule["verbs"] == ["list"] for rule in rules)


def test_the_operator_writes_nothing_of_a_team_s_with_its_own_rights():
    writing = [rule for role, rule in of_the_operator(rendered(*A_TEAM)) if WRITING & set(rule["verbs"])]

    written = {resource for rule in writing for resource in rule["resources"]}
    assert {resource for resource in written if not resource.endswith("/status")} <= OWN


def test_the_rights_of_a_team_end_at_its_namespace():
    objects = rendered(*A_TEAM)
    subjects = [
        (binding["kind"], subject)
        for binding in objects
        for subject in binding.get("subjects", ())
        if subject["name"] != "kanaria"
    ]

    assert len(subjects) == 2
    assert {(kind, subject["namespace"]) for kind, subject in subjects} == {("RoleBinding", "wine")}


def test_what_a_team_may_sync_is_what_the_operator_may_watch():
    objects = rendered(*A_TEAM, "rbac.syncedKinds[0].apiGroup=apps", "rbac.syncedKinds[0].resources={deployments}")

    def of(name: str) -> set[str]:
        rules = [rule for role, rule in rules_of(objects) if role["metadata"]["name"] == name]
        return {resource for rule in rules for resource in rule["resources"] if "apps" in rule["apiGroups"]}

    assert of("kanaria-sync") == of("kanaria-synced") == {"deployments"}


def of_the_operator(objects: list[Manifest]) -> list[tuple[Manifest, Manifest]]:
    """The rules that are bound to the operator's account."""
    bindings = [*of_kind(objects, "ClusterRoleBinding"), *of_kind(objects, "RoleBinding")]
    bound = {
        (binding["roleRef"]["kind"], binding["roleRef"]["name"])
        for binding in bindings
        if binding["subjects"][0]["name"] == "kanaria"
    }
    return [(role, rule) for role, rule in rules_of(objects) if (role["kind"], role["metadata"]["name"]) in bound]


def test_the_examples_grant_the_same_for_those_without_helm():
    examples = [ROOT / "examples/operator-rbac.yaml", ROOT / "examples/bootstrap.yaml"]
    written = [document for path in examples for document in yaml.safe_load_all(path.read_text())]

    assert granted(written) == granted(rendered(*A_TEAM))


def granted(objects: list[Manifest]) -> dict[tuple[str, str, str], str]:
    """What each object of RBAC says, in words that can be compared."""
    parts = ("rules", "roleRef", "subjects")
    return {
        (each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]): str(
            {part: each.get(part) for part in parts}
        )
        for each in objects
        if "rbac" in each["apiVersion"] or each["kind"] == "ServiceAccount"
    }


@pytest.mark.parametrize(("engine", "resource"), [("trainJob", "trainjobs"), ("rayJob", "rayjobs")])
def test_an_engine_is_granted_to_both_who_need_it_where_it_is_chosen_and_nothing_else(engine: str, resource: str):
    chosen, plain = rendered(*A_TEAM, f"engines.{engine}=true"), rendered(*A_TEAM)

    more = [(role["metadata"]["name"], rule) for role, rule in rules_of(chosen) if (role, rule) not in rules_of(plain)]
    found = {name: rule["verbs"] for name, rule in more if rule["resources"] == [resource]}
    assert found == {"kanaria": ["list", "watch"], "kanaria-runner": ["create", "patch", "delete"]}
    others = {word for _, rule in rules_of(chosen) for word in rule["resources"]}
    assert others - {word for _, rule in rules_of(plain) for word in rule["resources"]} == {resource}
