"""Which steps build and test a pipeline's own code, before any other is run with it."""

import re
from collections.abc import Mapping
from typing import Any

from kanaria.api.ml_pipeline import PipelineSpec
from kanaria.api.pipeline_source import Build, SourceTest
from kanaria.api.pipeline_step import EnvVar, Output, RetryPolicy, Step

BUILD = "source-build"
IMAGE = "image"
"""The output of the build: the image with its digest."""
_TEST = "source-test-"
_PARAMETER = re.compile(r"(?<!\$)\$\{parameters\.([-\w]+)\}")
# BuildKit tells the digest in a file of its own; the step hands it on as any step hands on a value.
_SCRIPT = (
    "set -e; buildctl-daemonless.sh build --frontend dockerfile.v0 --local context=. --local dockerfile=. "
    '--opt "filename=$1" --output "type=image,name=$2:$3,push=true" --metadata-file /tmp/built.json; '
    "digest=$(tr -d '\\n' < /tmp/built.json | "
    'sed -n \'s/.*"containerimage.digest": *"\\(sha256:[0-9a-f]*\\)".*/\\1/p\'); '
    'test -n "$digest"; printf \'{"image": "%s@%s"}\' "$2" "$digest" > "$KANARIA_OUTPUTS"'
)
# Without root BuildKit makes user namespaces itself, which the usual confinement forbids.
_UNCONFINED = {"runAsUser": 1000, "runAsGroup": 1000, "seccompProfile": {"type": "Unconfined"}}
_DOCKER = "/home/user/.docker"


def source_steps(spec: PipelineSpec) -> tuple[Step, ...]:
    """The build, then the tests, which run in what was built."""
    source = spec.source
    if source is None:
        return ()
    build = (_built(source.build),) if source.build else ()
    image = "${source.image}" if source.build else "python:3.11"
    after = (BUILD,) if source.build else ()
    return (*build, *(_tested(test, spec, image).model_copy(update={"depends_on": after}) for test in source.tests))


def test_of(spec: PipelineSpec, step: str) -> SourceTest | None:
    """The test that a step is, where it is one."""
    tests = spec.source.tests if spec.source else ()
    return next((test for test in tests if step == f"{_TEST}{test.name}"), None)


def _tested(test: SourceTest, spec: PipelineSpec, image: str) -> Step:
    """A test as a step: its own command, or a step's command with other parameters."""
    named = {"name": f"{_TEST}{test.name}", "active_deadline_seconds": test.active_deadline_seconds}
    wanted = test.step or (spec.model.step if spec.model else "")
    base = None if test.command else next((step for step in spec.steps if step.name == wanted), None)
    if base is None:
        return Step(image=test.image or image, command=test.command or ("false",), **named)
    given = {parameter.name: parameter.value for parameter in test.parameters}
    env = (each.model_copy(update={"value": _with(each.value, given)}) for each in base.env)
    changes = {
        **named,
        "image": test.image or base.image,
        "command": tuple(_with(word, given) for word in base.command),
        "env": tuple(env),
        "outputs": (),
        "retry_policy": RetryPolicy(),
        "queue_name": None,
        "when": (),
        "with_items": (),
        "with_param": None,
        "cache": None,
    }
    return base.model_copy(update=changes)


def _with(text: str, given: Mapping[str, str]) -> str:
    """The text with the parameters that a test gives; the others are filled in later, as in any step."""
    return _PARAMETER.sub(lambda found: _verbatim(given[found[1]]) if found[1] in given else found[0], text)


def _verbatim(value: str) -> str:
    return value.replace("${", "$${")


def guarded(steps: tuple[Step, ...], first: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps, of which those that waited for none wait for the build and the tests."""
    needed = tuple(step.name for step in first)
    return tuple(step if step.depends_on else step.model_copy(update={"depends_on": needed}) for step in steps)


def _built(build: Build) -> Step:
    pod: dict[str, Any] = {"spec": {"containers": [{"name": "step", "securityContext": _UNCONFINED}]}}
    secret = build.push_secret_ref
    item = {"key": ".dockerconfigjson", "path": "config.json"}
    return Step(
        name=BUILD,
        image=build.builder,
        command=("sh", "-c", _SCRIPT, "build", build.dockerfile, build.image, "${source.revision}"),
        env=(EnvVar(name="BUILDKITD_FLAGS", value="--oci-worker-no-process-sandbox"),),
        outputs=(Output(name=IMAGE),),
        resources=build.resources,
        volumes=({"name": "push", "secret": {"secretName": secret.name, "items": [item]}},) if secret else (),
        volume_mounts=({"name": "push", "mountPath": _DOCKER, "readOnly": True},) if secret else (),
        pod_template=pod,
    )
