"""Here lives the model server: a scikit-learn or MLflow model behind KServe's V1 and V2 protocols, on loopback."""
