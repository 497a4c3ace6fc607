"""The process kubelet: a node whose containers are processes of this machine, each Pod in a folder of its own."""
