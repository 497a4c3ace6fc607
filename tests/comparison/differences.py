"""In what the local API server is known to differ from a real one, and why that is left so.

A difference that is not written here fails the suite; so does one that is written and no longer occurs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """A written difference."""

    reason: str
    where: str  # a pattern of "<file>: <script>: <number of the step> <request>: <path in the answer>"

    def covers(self, place: str) -> bool:
        """Whether a difference is this one."""
        return re.search(self.where, place) is not None


_DECODER = "the same refusal; the real one quotes Go's JSON decoder"
_TYPES = "the built-in types have no schema here: Kanaria renders them, and the cluster suite applies them for real"
_PARAMETERS = "nobody sends a parameter with a value that is not one"
_AFTERWARDS = "here whoever writes owns what the server fills in; the real one fills this in after it took ownership"
KNOWN: Sequence[Known] = (
    # Owners
    Known(_AFTERWARDS, r"managedFields.*\.f:(priority|preemptionPolicy|serviceAccount|serviceAccountName)$"),
    Known(_AFTERWARDS, r"managedFields.*\.f:labels(\.f:(batch\.kubernetes\.io/)?(controller-uid|job-name))?$"),
    Known(_AFTERWARDS, r"POST jobs.*managedFields.*\.f:metadata$|GET jobs.*managedFields.*\.f:metadata$"),
    Known(_AFTERWARDS, r"jobs.*managedFields.*\.f:spec\.f:selector$"),
    Known(_AFTERWARDS, r"managedFields\.comparison/Update\.fieldsV1\.f:spec$"),
    Known("which parts of the Go types are values, hence always there, is guessed by name", r"managedFields.*\.\.$"),
    Known(
        "a condition's times are written as null by the Go types",
        r"body\.(items\[\d+\]\.)?status\.conditions\[\d+\]\.last(Probe|Transition)Time$",
    ),
    Known("the owner of a null is the writer of the condition", r"managedFields.*f:last(Probe|Transition)Time$"),
    Known("a list is a map or not by its field's name here, in both kinds", r"POST serviceaccounts.*imagePullSecrets"),
    Known(
        "JobStatus.conditions is atomic to apply, but not to strategic merge", r"PATCH jobs/a/status.*\"Example\"\}$"
    ),
    Known(
        "the garbage collector writes as itself, and not in anybody's name",
        r"deletion: .*GET configmaps/owned: .*managedFields",
    ),
    Known("an apply that changes nothing but owners gets a time here", r"two/Apply\.time$"),
    Known("a scale is written as the object it belongs to", r"13 PATCH gadgets/a/status: .*managedFields"),
    # Admission, and the controllers of the real cluster
    Known(
        "what the taint controllers would do with a Pod's node is not played",
        r"pods.*: body\.(items\[\d+\]\.)?spec\.tolerations",
    ),
    Known(
        "who uses a claim is not watched here, so nothing protects it",
        r"POST persistentvolumeclaims: body\..*metadata\.finalizers$",
    ),
    Known(
        "service accounts are made by a controller, so the API server alone cannot ask for one",
        r"makes no sense is refused: 8 POST pods.*: code",
    ),
    Known("a Pod's class of service is read by nobody", r"a pod is filled in: .*status\.qosClass$"),
    Known("one address a Pod is enough", r"status(\.fieldsV1\.f:status)?\.(f:)?podIPs$"),
    Known(
        "orphaning is done within the request here, by a controller there",
        r"4 DELETE configmaps/owner\?propagationPolicy=Orphan: ",
    ),
    Known(
        "deleting a Pod with no grace answers with the Pod as it was",
        r"DELETE pods/a.*metadata\.(deletion.*|generation|resourceVersion)$",
    ),
    Known(
        "a namespace's grace is none, which is written",
        r"DELETE /api/v1/namespaces.*metadata\.deletionGracePeriodSeconds$",
    ),
    Known("a definition is established within the request", r"customresourcedefinitions.*(acceptedNames|conditions)"),
    # Refusals in other words
    Known(_DECODER, r"objects: what cannot be created is refused: (4|5|8|9|12|13|16|17|19) .*body\.message$"),
    Known(_DECODER, r"secret takes text.*: [45] POST secrets: body\.message$"),
    Known(
        _DECODER,
        r"patches: .*: (8 PATCH configmaps/a|7 PATCH configmaps/a|11 PATCH pods/a|17 PATCH .*): body\.message$",
    ),
    Known(_DECODER, r"makes no sense is refused: 9 POST pods.*body\.message$"),
    Known(_DECODER, r"pages of a list: 8 .*body\.message$"),
    Known(_DECODER, r"7 POST gadgets: body\.message$"),
    Known("the rule without its examples and pattern", r"what cannot be created is refused: (1|10|11) "),
    Known(
        "where the real one names its storage, or how it came to know",
        r"read, replaced and deleted: (7|10|11) .*: body",
    ),
    Known("the finalizers are not listed", r"finalizers hold what goes: 4 .*(causes|message)"),
    Known("a selector that cannot be read is told in our words", r"lists and selectors: (10|11|15) .*message$"),
    Known("an unknown type of patch is told as to custom resources", r"merge patches: 10 .*(message|details)$"),
    Known(
        "a path that nobody serves is told as an object, not as text",
        r"(nothing\.example\.com.*|/nothing): (body|form)$",
    ),
    Known("a part that a resource lacks is no object that is not there", r"3 PATCH loose/a/status: body"),
    Known(
        "a refused patch is told as what it makes of the object, 400, not as the patch, 422",
        r"told or refused: 1[12] PATCH (gadgets/b|configmaps/a)\?fieldValidation=Strict: code$",
    ),
    Known("likewise", r"(9 PATCH configmaps/a|10 PATCH pods/a|11 PATCH configmaps/a\?fieldManager=one): code$"),
    Known("a field's path in a status starts at the object", r"12 PATCH gadgets/a/status: .*(causes|message)"),
    Known(
        "faults are told in the order found, which is not that of the real one",
        r"(8 POST gadgets\?fieldValidation=Strict|8 PATCH gadgets/a\?fieldManager=one): body\.message$",
    ),
    Known("a number that is no integer is told once", r"schema is told: 6 "),
    Known("bounds that exclude, and factors, are in no CRD of ours", r"schema is told: 11 "),
    Known("durations have a pattern in our CRDs, not a format", r"schema is told: 13 "),
    Known("a text may break two rules here, there only the first is told", r"schema is told: 25 "),
    Known("a scale is not read while its object is checked", r"schema is told: 26 "),
    Known(
        "Go's dump of the value is left out",
        r"(definition that is not sound.*: 3 |3 PATCH jobs/a: |4 PATCH rolebindings)",
    ),
    Known("an immutable map says so in other words", r"8 PATCH secrets/i: "),
    Known("the oldest revision is each server's own", r"16 WATCH gadgets.*message$"),
    # What is not checked
    Known(_TYPES, r"makes no sense is refused: (6|7) POST pods.*code$"),
    Known(_TYPES, r"a pod is filled in: 3 PATCH pods/a\?dryRun=All: code$"),
    Known(
        _TYPES,
        r"11 POST jobs.*code$|5 POST deployments.*code$|4 POST deployments.*(causes|message)|12 POST jobs.*(code|body)",
    ),
    Known(_TYPES, r"a claim asks for room: (2|3) .*code$"),
    Known(
        _TYPES,
        r"(a secret takes text.*: (6 POST secrets|9 PATCH secrets/i)|kept as they are: 8 POST leases): code$",
    ),
    Known(
        _TYPES,
        r"(comes and goes: 2 POST /api/v1/namespaces|cannot be created is refused: 18 POST configmaps.*): code$",
    ),
    Known(_TYPES, r"told or refused: 6 POST pods\?fieldValidation=Strict: code$"),
    Known(
        "two controllers of one object are the garbage collector's business",
        r"stays until both are gone: 10 POST configmaps: code$",
    ),
    Known(
        "a field said twice is Python's json's business: the last counts",
        r"told or refused: 7 POST configmaps\?fieldValidation=Strict: code$",
    ),
    Known(_PARAMETERS, r"(dryRun=Some|fieldValidation=Never|propagationPolicy=Sideways): code$"),
    Known(_PARAMETERS, r"1[45] WATCH configmaps.*: code$"),
    # Forms
    Known(
        "the Go types write an event's empty fields",
        r"vents.*\.?(eventTime|(deprecated)?(first|last|First|Last)Timestamp|reporting(Component|Instance)|[sS]ource|deprecatedSource)$",
    ),
    Known(
        "the fields that every object has are described in fewer words",
        r"2 GET /openapi/v3/.*: body\.properties\.(apiVersion|kind|metadata)\.(description|allOf|type)$",
    ),
    Known("columns are described by their names", r"columnDefinitions\[\d+\]"),
    Known(
        "kubectl prints what our tables hold; columns for -o wide are few",
        r"tables and metadata only: (8|9|10|11|14|15|20) .*rows\[0\]\.cells",
    ),
    Known("a row without an object says nothing of it", r"includeObject=None: body\.rows\[0\]\.object$"),
    Known("the status of a definition is written within the request", r"20 GET .*managedFields"),
    Known("nobody migrates stored versions", r"reading: discovery: 2 .*storageVersionHash$"),
    Known("a Scale of none is written out", r"deployments/a/scale: body\.spec\.replicas$"),
)
