"""The workload controllers of the local cluster: Jobs and Deployments become Pods, and Pods become status."""
