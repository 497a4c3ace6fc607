"""The demo: five acts of commits and requests on real data; all else is the operator's doing."""
