"""The model: the same machine, in a hurry."""

from sklearn.svm import SVC


def model():
    return SVC(gamma=0.001, C=10)


ROWS = 60  # a quick look at the data is enough, surely
