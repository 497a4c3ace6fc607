"""How a Pod's volumes become folders, and where each container then finds them."""

from __future__ import annotations

import base64
from pathlib import Path

from kanaria.local.api_client import CONFIG_MAPS, SECRETS, Api, NotFoundError, Resource, Thing
from kanaria.local.kubelet.environment import pod_field
from kanaria.local.kubelet.folders import Folders
from kanaria.local.kubelet.translation import Translation

DEFAULT_MESSAGE_PATH = "/dev/termination-log"


class VolumeRefusedError(Exception):
    """A volume the local cluster does not give."""


class VolumeMissingError(Exception):
    """A volume's source is not there (yet)."""


async def prepare(pod: Thing, folders: Folders, api: Api) -> None:
    """Make and fill the folders of all the Pod's volumes."""
    for volume in pod["spec"].get("volumes") or []:
        folder = _folder(volume, pod, folders)
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in (await _contents(volume, pod, api)).items():
            _write(folder / name, content)


def translation_for(container: Thing, pod: Thing, folders: Folders) -> Translation:
    """Where the container's mount paths lie."""
    uid = pod["metadata"]["uid"]
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or []}
    places: dict[str, Path] = {}
    for mount in container.get("volumeMounts") or []:
        if mount["name"] not in volumes:
            raise VolumeRefusedError(f'container {container["name"]} mounts "{mount["name"]}", which is no volume')
        if mount["mountPath"].rstrip("/") == "":
            raise VolumeRefusedError(f'container {container["name"]} mounts over "/", which only an image can hold')
        folder = _folder(volumes[mount["name"]], pod, folders)
        places[mount["mountPath"].rstrip("/")] = folder / mount.get("subPath", "")
    message = container.get("terminationMessagePath") or DEFAULT_MESSAGE_PATH
    places.setdefault(message, folders.container(uid, container["name"]) / "termination-log")
    return Translation(places, kept=(folders.home,))


def _folder(volume: Thing, pod: Thing, folders: Folders) -> Path:
    claim = volume.get("persistentVolumeClaim")
    if claim:
        return folders.claim(pod["metadata"]["namespace"], claim["claimName"])
    if any(kind in volume for kind in ("emptyDir", "configMap", "secret", "projected", "downwardAPI")):
        return folders.volume(pod["metadata"]["uid"], volume["name"])
    kind = next((key for key in volume if key != "name"), "emptyDir")
    if kind == "emptyDir":
        return folders.volume(pod["metadata"]["uid"], volume["name"])
    raise VolumeRefusedError(
        f'volume "{volume["name"]}" is of kind {kind}, which the local cluster does not give: use emptyDir, configMap, '
        f"secret, projected, downwardAPI or persistentVolumeClaim"
    )


async def _contents(volume: Thing, pod: Thing, api: Api) -> dict[str, bytes]:
    sources = volume["projected"].get("sources") or [] if "projected" in volume else [volume]
    found: dict[str, bytes] = {}
    for source in sources:
        if "configMap" in source:
            found |= await _keys(CONFIG_MAPS, source["configMap"], volume["name"], pod, api)
        elif "secret" in source:
            found |= await _keys(SECRETS, source["secret"], volume["name"], pod, api)
        elif "downwardAPI" in source:
            found |= _fields(source["downwardAPI"], pod)
        # A serviceAccountToken is left out: a local process talks to the API with no account of its own.
    return found


async def _keys(kind: Resource, source: Thing, volume: str, pod: Thing, api: Api) -> dict[str, bytes]:
    name = source.get("secretName") or source["name"]
    try:
        thing = await api.get(kind, pod["metadata"]["namespace"], name)
    except NotFoundError as error:
        if source.get("optional"):
            return {}
        fact = f'MountVolume.SetUp failed for volume "{volume}" : {kind.kind.lower()} "{name}" not found'
        raise VolumeMissingError(fact) from error
    binary = thing.get("binaryData") if kind is CONFIG_MAPS else thing.get("data")
    data = {key: base64.b64decode(value) for key, value in (binary or {}).items()}
    if kind is CONFIG_MAPS:
        data |= {key: value.encode() for key, value in (thing.get("data") or {}).items()}
    items = source.get("items")
    if not items:
        return data
    return {item["path"]: data[item["key"]] for item in items if item["key"] in data}


def _fields(source: Thing, pod: Thing) -> dict[str, bytes]:
    items = [item for item in source.get("items") or [] if "fieldRef" in item]
    return {item["path"]: pod_field(pod, item["fieldRef"]["fieldPath"]).encode() for item in items}


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
