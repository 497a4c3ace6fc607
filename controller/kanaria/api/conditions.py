"""Condition types and reasons: part of the API, one sentence each."""

from enum import StrEnum


class ConditionType(StrEnum):
    """What a condition speaks of; Reconciling and Stalled are present only while True (kstatus)."""

    READY = "Ready"  # The object is as its spec asks.
    RECONCILING = "Reconciling"  # Work towards the spec goes on.
    STALLED = "Stalled"  # Only the user can help: the message says how.
    HEALTHY = "Healthy"  # Of a GitSync with spec.health: what it applied works.
    # Of a trial, present only while True; neither says whether the object is well.
    CANARY_UNDERPOWERED = "CanaryUnderpowered"  # The traffic is too little for a proof in the trial's time.
    DISPERSION_UNKNOWN = "DispersionUnknown"  # How clumped bad requests are is assumed, not measured.


class Reason(StrEnum):
    """Why a condition is as it is."""

    # All kinds
    SUCCEEDED = "Succeeded"  # The wanted state is reached.
    PROGRESSING = "Progressing"  # Work goes on; nothing is wrong.
    PROGRESSING_WITH_RETRY = "ProgressingWithRetry"  # The world (Git, MLflow, metrics, API) failed; tried again.
    SUSPENDED = "Suspended"  # spec.suspend is true.
    INVALID_SPEC = "InvalidSpec"  # A field is wrong; the message names it.
    INTERNAL_ERROR = "InternalError"  # A fault of Kanaria's own; the log has the traceback.
    FORBIDDEN = "Forbidden"  # The service account may not do what the object asks for.

    # GitSync
    FETCH_FAILED = "FetchFailed"  # The repository could not be read.
    BUILD_FAILED = "BuildFailed"  # A file is no valid manifest; nothing of the commit is applied.
    APPLY_FAILED = "ApplyFailed"  # The API server refused an object.
    PATH_NOT_FOUND = "PathNotFound"  # A path is not in the repository, or holds nothing any more; nothing is deleted.
    PRUNE_LIMIT = "PruneLimit"  # More would be deleted than pruneLimit allows; waits for a confirming commit.
    OWNED_BY_ANOTHER = "OwnedByAnother"  # An object bears the label of another GitSync.
    FIELD_CONFLICT = "FieldConflict"  # Another manager declares a field that the commit declares otherwise.
    ANOTHER_WRITER = "AnotherWriter"  # Another cluster commits to the path.
    DEPENDENCY_NOT_READY = "DependencyNotReady"  # A GitSync of spec.dependsOn is not ready, or leads back here.
    HEALTH_CHECK_FAILED = "HealthCheckFailed"  # What was applied failed, or was not healthy in time.
    UNTRUSTED = "Untrusted"  # A commit is not signed by a key that counts; it is not applied.
    PUSH_FAILED = "PushFailed"  # The remote rejected a write-back again and again.
    DRIFT_REPAIRED = "DriftRepaired"  # Somebody changed an applied field by hand; Git won.
    EDIT_DROPPED = "EditDropped"  # A human's newer edit stands where Kanaria meant to write.
    COMMITTED = "Committed"  # An edit was committed and pushed.

    # MLPipeline and MLPipelineRun
    CYCLIC_STEPS = "CyclicSteps"  # The steps depend on each other in a circle.
    CYCLIC_TRIGGERS = "CyclicTriggers"  # Pipelines would start each other in a circle, without end.
    RUNNING = "Running"  # A run is under way.
    RUN_STARTED = "RunStarted"  # A trigger fired and a run was made.
    RUN_SUCCEEDED = "RunSucceeded"  # All steps and gates of the run passed.
    DATA_INVALID = "DataInvalid"  # The data breaks its contract; no step was started.
    DATA_UNREADABLE = "DataUnreadable"  # The data could not be read, again and again; nothing is known of it.
    DATA_CHANGED = "DataChanged"  # The data changed while the run read it; nothing is proposed.
    ENGINE_NOT_INSTALLED = "EngineNotInstalled"  # The cluster lacks what runs a step; the run goes on once it is there.
    STEP_FAILED = "StepFailed"  # A step failed for good.
    CANCELLED = "Cancelled"  # The run was cancelled, by an annotation or by a newer run that replaces it.
    NOT_RESUMED = "NotResumed"  # The annotation asks to resume a run that is not there, or did not fail.
    NOT_REPLAYED = "NotReplayed"  # The annotation asks to replay a run that is not there, or did not succeed.
    DEADLINE_EXCEEDED = "DeadlineExceeded"  # activeDeadlineSeconds is over.
    GATE_REFUSED = "GateRefused"  # A gate judged the model worse than its bound.
    GATE_UNMEASURED = "GateUnmeasured"  # A gate's metric was not found; nothing is proposed.
    MODEL_NOT_REGISTERED = "ModelNotRegistered"  # The step that should register the model did not.
    TARGET_REFUSED = "TargetRefused"  # The ModelDeployment does not accept proposals from this pipeline.
    AWAITING_COMMIT = "AwaitingCommit"  # The proposing commit is due.
    AWAITING_SYNC = "AwaitingSync"  # The commit has landed and is not applied yet.
    PROPOSED = "Proposed"  # The model version was proposed by a commit.
    NO_WAY_BACK = "NoWayBack"  # No GitSync with write-back holds the object: Kanaria cannot commit.

    # ModelDeployment
    NO_MODEL = "NoModel"  # No model is named to be served.
    MODEL_NOT_FOUND = "ModelNotFound"  # The registry has no such version.
    UNKNOWN_POLICY = "UnknownPolicy"  # A policy that is named does not exist, cannot be read, or judges nothing here.
    REQUIRES_CANARY = "RequiresCanary"  # stable was changed to a version that did not pass as a candidate.
    REJECTED_BEFORE = "RejectedBefore"  # The candidate is in spec.rejected.
    SAME_AS_STABLE = "SameAsStable"  # The candidate is what serves already.
    LOADING = "Loading"  # Model servers are coming up.
    PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"  # Model servers did not come up in time.
    AWAITING_APPROVAL = "AwaitingApproval"  # Another person than its author must approve the candidate by a commit.
    QUEUED = "Queued"  # It waits for its turn: a candidate for the end of others, a step for Kueue.
    PREFLIGHT = "Preflight"  # The candidate is asked before it gets any traffic, or has answered as expected.
    PREFLIGHT_UNMEASURED = "PreflightUnmeasured"  # It could not be asked; it is asked again.
    INSUFFICIENT_QUOTA = "InsufficientQuota"  # The namespace's quota leaves no room; waits for some.
    CANARY_STARTED = "CanaryStarted"  # A trial began.
    CANARY_STEP = "CanaryStep"  # A trial is at one of its steps.
    CANARY_PAUSED = "CanaryPaused"  # A trial waits at a pause step.
    CANARY_PASSED = "CanaryPassed"  # The candidate passed; its promotion is committed.
    CANARY_FAILED = "CanaryFailed"  # The candidate is proven worse; traffic is back.
    AWAITING_MERGE = "AwaitingMerge"  # A promotion is due in Git.
    PROMOTED = "Promoted"  # The candidate is the stable model now.
    WITHDRAWN = "Withdrawn"  # A human removed the candidate.
    REVERTED = "Reverted"  # A human reverted the promotion.
    SUPERSEDED = "Superseded"  # A newer candidate or spec ended the trial.
    ABORTED = "Aborted"  # The abort annotation named this trial.
    INCONCLUSIVE = "Inconclusive"  # maxDuration is over without proof either way.
    CANARY_UNDERPOWERED = "CanaryUnderpowered"  # The traffic is too little for a proof in the trial's time.
    DISPERSION_UNKNOWN = "DispersionUnknown"  # How clumped bad requests are is assumed, not measured.
    SPLIT_NOT_AS_ASKED = "SplitNotAsAsked"  # The gateway sends the candidate another share than was asked for.
    DEGRADED = "Degraded"  # The stable model is proven worse than it was when it was new.
    RECOVERED = "Recovered"  # A stable model that had degraded is proven as it was again.
    METRICS_UNMEASURED = "MetricsUnmeasured"  # The metrics cannot be read; the candidate has no traffic.
    SERVING = "Serving"  # The stable model answers all requests.
    NO_TRAFFIC_ROUTER = "NoTrafficRouter"  # KServe cannot split traffic here.
