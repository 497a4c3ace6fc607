"""How a path of a repository is kept in the cluster, and what is written back to it."""

from kanaria.decide.git_sync.head import head_question, newest_commit
from kanaria.decide.git_sync.passing import PHASES, decide, watches
from kanaria.decide.git_sync.read_file import Fault, FileRead, Wanted, is_manifest, read_file
from kanaria.decide.git_sync.read_tree import Tree, identity, read_tree
from kanaria.decide.git_sync.scene import Scene, Seen

__all__ = [
    "PHASES",
    "Fault",
    "FileRead",
    "Scene",
    "Seen",
    "Tree",
    "Wanted",
    "decide",
    "head_question",
    "identity",
    "is_manifest",
    "newest_commit",
    "read_file",
    "read_tree",
    "watches",
]
