"""How a path of a repository is kept in the cluster, and what is written back to it."""

from kanaria.decide.git_sync.head import head_question, is_newer, newest_commit
from kanaria.decide.git_sync.leave import is_leaving
from kanaria.decide.git_sync.named import document_in, files_named, is_below
from kanaria.decide.git_sync.passing import PHASES, decide, questions, watches
from kanaria.decide.git_sync.read_file import Fault, FileRead, Wanted, is_manifest, read_file
from kanaria.decide.git_sync.read_tree import Tree, identity, read_tree
from kanaria.decide.git_sync.scene import Scene, Seen
from kanaria.decide.git_sync.substitute import Variables, variables_question
from kanaria.decide.git_sync.trust import applied_commit, is_trusted, trust_question
from kanaria.decide.git_sync.writer import cluster_question

__all__ = [
    "PHASES",
    "Fault",
    "FileRead",
    "Scene",
    "Seen",
    "Tree",
    "Variables",
    "Wanted",
    "applied_commit",
    "cluster_question",
    "decide",
    "document_in",
    "files_named",
    "head_question",
    "identity",
    "is_below",
    "is_leaving",
    "is_manifest",
    "is_newer",
    "is_trusted",
    "newest_commit",
    "questions",
    "read_file",
    "read_tree",
    "trust_question",
    "variables_question",
    "watches",
]
