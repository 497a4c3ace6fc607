"""Fit the model, say how good it is, and register it. MLflow finds its run in the environment."""

import argparse
import os
from pathlib import Path

import mlflow
import numpy as np
from model import ROWS, model

parser = argparse.ArgumentParser()
parser.add_argument("--registered-model", required=True)
arguments = parser.parse_args()

data = np.load(Path(os.environ["WORKSPACE"]) / "digits.npz")
fitted = model().fit(data["train_x"][:ROWS], data["train_y"][:ROWS])

with mlflow.start_run():
    for part in ("train", "test"):
        accuracy = float(fitted.score(data[f"{part}_x"], data[f"{part}_y"]))
        mlflow.log_metric(f"{part}_accuracy", accuracy)
        print(f"{part} accuracy {accuracy:.4f}")
    logged = mlflow.sklearn.log_model(
        fitted,
        name="model",
        registered_model_name=arguments.registered_model,
        serialization_format="cloudpickle",
        pip_requirements=["scikit-learn"],
        code_paths=["model.py"],
    )
print(f"registered {arguments.registered_model} version {logged.registered_model_version}")
