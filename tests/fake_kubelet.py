"""How a step tells the fake kubelet of the real control plane what to do: by the environment that a user can give.

The fake kubelet runs no container and reads annotations of Pods, which a pipeline's steps do not have. Policies of
the API server write them there: a step with TEST_EXIT_CODE=3 ends so on a fake kubelet, and, being a shell script
that heeds the same variables, on a real one.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

OBEYED = {"TEST_EXIT_CODE": "exit-code", "TEST_RUN_FOR": "run-for"}
WORK = (
    'if [ -n "$TEST_UNTIL" ]; then until [ -e "$TEST_UNTIL" ]; do sleep 0.05; done; else sleep ${TEST_RUN_FOR:-0}; fi'
)
SCRIPT = ["sh", "-c", f"{WORK}; echo the step says: $TEST_EXIT_CODE; exit ${{TEST_EXIT_CODE:-0}}"]


def a_step(
    name: str, *after: str, exits: int = 0, runs: str = "", until: Path | None = None, **more: Any
) -> dict[str, Any]:
    """A step of a pipeline that ends so, after so long, e.g. "4s", or, on this machine, once there is such a file."""
    given = {"TEST_EXIT_CODE": str(exits) if exits else "", "TEST_RUN_FOR": runs, "TEST_UNTIL": str(until or "")}
    env = [{"name": name, "value": value} for name, value in given.items() if value]
    return {"name": name, "dependsOn": list(after), "command": SCRIPT, "env": env, **more}


def obeyed() -> list[dict[str, Any]]:
    """The policies."""
    return [manifest for variable in OBEYED for manifest in _policy(variable)]


def _policy(variable: str) -> Iterator[dict[str, Any]]:
    name, env, named = f"test-{OBEYED[variable]}", "object.spec.containers[0].env", f"e.name == '{variable}'"
    annotation = f'{{"controlplane.test/{OBEYED[variable]}": {env}.filter(e, {named})[0].value}}'
    # A Pod without containers is refused by the API server, which is not this policy's affair.
    some = "has(object.spec.containers) && type(object.spec.containers) == list && size(object.spec.containers) > 0"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "matchConditions": [{"name": "asked", "expression": f"{some} && has({env}) && {env}.exists(e, {named})"}],
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "mutations": [
            {
                "patchType": "ApplyConfiguration",
                "applyConfiguration": {
                    "expression": f"Object{{metadata: Object.metadata{{annotations: {annotation}}}}}"
                },
            }
        ],
    }
    version = "admissionregistration.k8s.io/v1"
    yield {"apiVersion": version, "kind": "MutatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec}
    binding = {"policyName": name}
    kind = "MutatingAdmissionPolicyBinding"
    yield {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": binding}
