"""THE WORKSHOP of Git: mirrors, tree diffs, edits that keep comments, commits and pushes."""
