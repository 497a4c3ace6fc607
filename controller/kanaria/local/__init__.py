"""THE TOY TOWN: a Kubernetes API on loopback with a kubelet, model servers, MLflow and Git, for trying and for tests."""
