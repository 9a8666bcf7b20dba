package workflows

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// readCarried reads what a run took along when it continued as new into state,
// which has no UnmarshalJSON of its own. Of a later schema than known it reads
// nothing but the version, and returns it: to fail over another form of a field
// would fail the workflow. What is no object was carried by nobody, and leaves
// state as it is.
func readCarried(raw []byte, known int, state any) (newer int, err error) {
	if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] != '{' {
		return 0, nil
	}
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return 0, fmt.Errorf("version of the carried state: %w", err)
	}
	if head.Version > known {
		return head.Version, nil
	}
	return 0, json.Unmarshal(raw, state)
}

// leaveToNewer panics when a newer worker made the state of a job or soak. The
// SDK fails the workflow task, not the workflow, and the server hands it out
// again until a worker takes it that is new enough.
func leaveToNewer(what string, version, known int) {
	if version > known {
		panic(fmt.Sprintf("this worker is too old for the %s: a newer one carried its state on in schema version %d, and this one reads %d; upgrade it",
			what, version, known))
	}
}
