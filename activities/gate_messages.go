package activities

// Names of the gate, here because its activities start and signal it.
const (
	GateWorkflowName = "GateWorkflow"
	GateID           = "reembed-gate"
	GateTaskQueue    = "reembed-gate"

	QueryGate           = "state"
	SignalGateAcquire   = "acquire"  // SlotRequest
	SignalGateWithdraw  = "withdraw" // SlotRequest
	SignalGatePark      = "park"     // SlotRequest
	SignalGateLimit     = "limit"    // int
	SignalSlotGranted   = "slot-granted"
	MemoSlot            = "slot"
	DefaultMaxJobs      = 3
	ReembedWorkflowName = "ReembedWorkflow"
)

// SlotRequest is a job that asks the gate for a slot, waits, or holds one.
type SlotRequest struct {
	Job       string `json:"job"`       // workflow id
	FirstRun  string `json:"first_run"` // the same across continue-as-new and reset
	Nonce     string `json:"nonce"`     // run id of the asking run, echoed by the grant
	Namespace string `json:"namespace"`
	Priority  int    `json:"priority"`          // Priority.Key
	StartedAt int64  `json:"started_at"`        // Unix milliseconds: arrival order that survives re-sends
	Held      bool   `json:"held,omitempty"`    // re-asserted by a holder
	Granted   bool   `json:"granted,omitempty"` // the grant's delivery was acknowledged
	// Parked: the job gave its slot back while it waits for people, and keeps its
	// namespace. Turn is how often it has done so; with it each asking has another
	// nonce, also within one run.
	Parked bool `json:"parked,omitempty"`
	Turn   int  `json:"turn,omitempty"`
}

// Grant tells a job that it holds a slot.
type Grant struct {
	FirstRun string `json:"first_run"`
	Nonce    string `json:"nonce"`
}

// SlotMemo is kept in a job's memo, from which a gate that lost its state recovers.
type SlotMemo struct {
	Request SlotRequest `json:"request"`
	State   string      `json:"state"` // SlotWaiting, SlotHeld or SlotParked
}

// The states of a SlotMemo. A job that is parked and asks again is waiting, with
// a request that says so.
const (
	SlotWaiting = "waiting"
	SlotHeld    = "held"
	SlotParked  = "parked"
)

// Watched is what a watch over a job came to: that it is over, or that its memo
// says otherwise than the gate thinks.
type Watched struct {
	Slot *SlotMemo `json:"slot,omitempty"` // nil: it is over
}

// GateState is all that the gate knows: its input, its answer to the state
// query, and what it carries across continue-as-new.
type GateState struct {
	Limit   int           `json:"limit"` // jobs at once, over the whole fleet
	Warm    bool          `json:"warm"`  // the running jobs have been looked for
	Waiting []SlotRequest `json:"waiting"`
	Holders []SlotRequest `json:"holders"`
	// Parked jobs gave their slots back and hold their namespaces: no other job of
	// such a namespace is given a slot. One that asks again is among the waiting, too.
	Parked  []SlotRequest `json:"parked,omitempty"`
	Granted int64         `json:"granted"` // since the gate first started
	Runs    int           `json:"runs"`    // continue-as-news
	// ContinueAfter is the number of handled signals and releases after which the gate continues as new.
	ContinueAfter int `json:"continue_after"`
}
