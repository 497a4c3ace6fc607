"""Here lives a stand-in for KServe's controller in Standard mode: InferenceServices become Deployments and a route."""
