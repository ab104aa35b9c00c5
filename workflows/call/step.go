package call

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// stepKey is under which a context has the step that it is of.
type stepKey struct{}

// WithStep is the context of a step, for the logs of what it does.
func WithStep(ctx workflow.Context, s maintenance.Step) workflow.Context {
	return workflow.WithValue(ctx, stepKey{}, s)
}

// StepOf is the step that a context is of; empty: it is of none.
func StepOf(ctx workflow.Context) maintenance.Step {
	s, _ := ctx.Value(stepKey{}).(maintenance.Step)
	return s
}
