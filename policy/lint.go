package policy

// lint adds the warnings.
func (r *resolver) lint() {}

func (r *resolver) neverHolds(e *CallExpr) {}
