"""Split the digits into what is learned from and what is tested on."""

import json
import os
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

workspace = Path(os.environ["WORKSPACE"])
digits = load_digits()
parts = train_test_split(digits.data, digits.target, test_size=0.4, random_state=7, stratify=digits.target)
np.savez(workspace / "digits.npz", train_x=parts[0], test_x=parts[1], train_y=parts[2], test_y=parts[3])

Path(os.environ["KANARIA_OUTPUTS"]).write_text(json.dumps({"rows": len(parts[0])}))
print(f"{len(parts[0])} rows to learn from, {len(parts[1])} to test on")
