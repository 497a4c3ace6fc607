"""Which cluster does a command speak to?"""

import os
from pathlib import Path


def use(kubeconfig: Path | None) -> None:
    """Take this file, where one is named, for whatever asks for a cluster from now on."""
    if kubeconfig is not None:
        os.environ["KUBECONFIG"] = str(kubeconfig)
