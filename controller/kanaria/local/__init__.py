"""THE TOY TOWN: a Kubernetes API on loopback with a kubelet, model servers, MLflow and Git, to try and to test."""
