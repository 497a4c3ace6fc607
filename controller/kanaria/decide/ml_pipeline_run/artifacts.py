"""Whether KServe can load what the run registered."""

from kanaria.decide.ml_pipeline_run.scene import Scene

LOADABLE = ("s3", "gs", "abfs", "abfss", "pvc", "oci", "https", "http", "hf")


def unloadable(scene: Scene) -> str:
    """Why the model cannot be proposed, in a sentence; empty where it can, or is not to be."""
    model = scene.status.model
    if model is None or not scene.pipeline.promote:
        return ""
    scheme = model.uri.partition("://")[0] if "://" in model.uri else model.uri.partition(":/")[0]
    if scheme in LOADABLE or (scheme == "file" and scene.seen.ground.file_remotes):
        return ""
    return (
        f"the artifacts of {model.name} version {model.version} are at {model.uri}, which KServe cannot load; "
        f"it loads {', '.join(LOADABLE)}: give the MLflow server an artifact root of one of these"
    )
