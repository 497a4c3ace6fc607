"""Which environment, command and arguments a container's process gets."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kanaria.local.api_client import Thing
from kanaria.local.kubelet.translation import Translation

_REFERENCE = re.compile(r"\$(\$|\(([A-Za-z_][\w.-]*)\))")
_NAME = re.compile(r"^[A-Za-z_][\w.-]*$")
_LABELLED = re.compile(r"^metadata\.(labels|annotations)\['(.+)'\]$")


class ConfigMissingError(Exception):
    """Something the container's configuration names is not there (yet)."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a container's environment may be drawn from; a secret's or config map's value is None if it is not there."""

    pod: Thing
    secrets: Mapping[str, Mapping[str, str] | None]
    config_maps: Mapping[str, Mapping[str, str] | None]
    ports: Mapping[int, int]


def wanted(container: Thing) -> tuple[set[str], set[str]]:
    """The names of the Secrets and of the ConfigMaps that the container's environment is drawn from."""
    drawn = [each.get("valueFrom") or {} for each in container.get("env") or []]
    whole = container.get("envFrom") or []
    secrets = [each.get("secretKeyRef") for each in drawn] + [each.get("secretRef") for each in whole]
    maps = [each.get("configMapKeyRef") for each in drawn] + [each.get("configMapRef") for each in whole]
    return {each["name"] for each in secrets if each}, {each["name"] for each in maps if each}


def texts(thing: Thing) -> dict[str, str]:
    """The data of a Secret or ConfigMap as text."""
    if thing.get("kind") == "Secret":
        return {key: base64.b64decode(value).decode() for key, value in (thing.get("data") or {}).items()}
    return dict(thing.get("data") or {})


def environment(
    container: Thing, sources: Sources, machine: Mapping[str, str], translation: Translation
) -> dict[str, str]:
    """The container's variables; `machine` are those this machine gives every process."""
    ports = [int(each["containerPort"]) for each in container.get("ports") or []]
    result = dict(machine)
    if ports:
        result["PORT"] = str(sources.ports[ports[0]])
    for source in container.get("envFrom") or []:
        result |= _whole(source, sources)
    for variable in container.get("env") or []:
        value = _value(variable, container, sources)
        if value is None or (variable["name"] == "PORT" and _is_declared(value, ports)):
            # A Pod that says PORT=8080 and containerPort 8080 means "my port": here that is another number.
            if value is not None:
                result["PORT"] = str(sources.ports[int(value)])
            continue
        result[variable["name"]] = expanded(translation.of(value), result)
    return result


def command_line(container: Thing, variables: Mapping[str, str], translation: Translation) -> list[str]:
    """The container's command and arguments, translated, with `$(VAR)` replaced."""
    words = [*(container.get("command") or []), *(container.get("args") or [])]
    return [expanded(translation.of(word), variables) for word in words]


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """The text with `$(NAME)` replaced; `$$` is a plain dollar, an unknown name stays as it is."""

    def value(found: re.Match[str]) -> str:
        return "$" if found[1] == "$" else variables.get(found[2], found[0])

    return _REFERENCE.sub(value, text)


def pod_field(pod: Thing, path: str) -> str:
    """The value of a downward API field."""
    labelled = _LABELLED.match(path)
    if labelled:
        return str((pod["metadata"].get(labelled[1]) or {}).get(labelled[2], ""))
    meta, spec = pod["metadata"], pod["spec"]
    known = {
        "metadata.name": meta["name"],
        "metadata.namespace": meta.get("namespace", ""),
        "metadata.uid": meta["uid"],
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", "default"),
        "status.podIP": "127.0.0.1",
        "status.hostIP": "127.0.0.1",
    }
    if path not in known:
        raise ConfigMissingError(f'fieldPath "{path}" is not one the local kubelet knows: {", ".join(sorted(known))}')
    return str(known[path])


def _is_declared(value: str, ports: Iterable[int]) -> bool:
    return value in {str(port) for port in ports}


def _value(variable: Thing, container: Thing, sources: Sources) -> str | None:
    drawn = variable.get("valueFrom")
    if not drawn:
        return str(variable.get("value") or "")
    if "fieldRef" in drawn:
        return pod_field(sources.pod, drawn["fieldRef"]["fieldPath"])
    if "secretKeyRef" in drawn:
        return _key(drawn["secretKeyRef"], sources.secrets, "secret")
    if "configMapKeyRef" in drawn:
        return _key(drawn["configMapKeyRef"], sources.config_maps, "configmap")
    source = next(iter(drawn))
    raise ConfigMissingError(
        f"container {container['name']}: variable {variable['name']} is drawn from {source}, which the local kubelet "
        f"does not know; it knows fieldRef, secretKeyRef and configMapKeyRef"
    )


def _key(reference: Thing, known: Mapping[str, Mapping[str, str] | None], kind: str) -> str | None:
    data = known.get(reference["name"])
    value = None if data is None else data.get(reference["key"])
    if value is None and not reference.get("optional"):
        if data is None:
            raise ConfigMissingError(f'{kind} "{reference["name"]}" not found')
        raise ConfigMissingError(f"couldn't find key {reference['key']} in {kind} {reference['name']}")
    return value


def _whole(source: Thing, sources: Sources) -> dict[str, str]:
    kind, known = ("secret", sources.secrets) if "secretRef" in source else ("configmap", sources.config_maps)
    reference = source.get("secretRef") or source["configMapRef"]
    data = known.get(reference["name"])
    if data is None:
        if reference.get("optional"):
            return {}
        raise ConfigMissingError(f'{kind} "{reference["name"]}" not found')
    prefix = source.get("prefix", "")
    return {prefix + key: value for key, value in data.items() if _NAME.match(prefix + key)}
