package main

import (
	"bytes"
	"testing"
)

// TestExamplePolicyHolds checks the policy of examples/memcached as a user
// would: canonical, proved, its tests holding, without a warning.
func TestExamplePolicyHolds(t *testing.T) {
	t.Parallel()
	const path = "../../examples/memcached/server/memcached.narrow"
	var out, complaints bytes.Buffer
	if status := execute([]string{"check", path}, streams{out: &out, err: &complaints}); status != statusGood || complaints.Len() > 0 {
		t.Errorf("check ends with %d\n%s%s", status, out.String(), complaints.String())
	}
	out.Reset()
	if status := execute([]string{"fmt", "--list", path}, streams{out: &out, err: &complaints}); status != statusGood || out.Len() > 0 {
		t.Errorf("fmt --list ends with %d\n%s%s", status, out.String(), complaints.String())
	}
}
