// Package namespace prepares a Temporal namespace for Tidegate: the namespace itself and the typed
// search attributes that its workflows set. The dev server, the tests and `tidegate setup` share
// it. All of it may be repeated at any time. The caller says which attributes there are. Start at
// Ensure.
package namespace

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"
)

// DefaultRetention is how long a closed run stays readable: a quarter, so that
// the record of a monthly maintenance is still there at the next review.
const DefaultRetention = 90 * 24 * time.Hour

// pollInterval is how often the server is asked whether it knows a new name by
// now. It reloads its namespaces about every two seconds.
const pollInterval = 100 * time.Millisecond

// TypeConflictError says that a search attribute exists in the namespace with
// another type than the one that Tidegate needs.
type TypeConflictError struct {
	Namespace string                   // Namespace that holds the attribute.
	Attribute string                   // Attribute is its name.
	Have      enumspb.IndexedValueType // Have is the type it is registered with.
	Want      enumspb.IndexedValueType // Want is the type that Tidegate sets.
}

// Error names the attribute, both types and the way out.
func (e *TypeConflictError) Error() string {
	return fmt.Sprintf("search attribute %q in namespace %q has type %s, but Tidegate needs %s: "+
		"use another namespace, or free the name with `temporal operator search-attribute remove --namespace %s --name %s` and set up again",
		e.Attribute, e.Namespace, e.Have, e.Want, e.Namespace, e.Attribute)
}

// RefusedError says that the server does not let this login make namespaces or search attributes, as
// Temporal Cloud lets none, and what to run instead.
type RefusedError struct {
	What string // What was not made, such as "search attributes A, B".
	Fix  string // Fix is the command line that makes it in Temporal Cloud.
	Err  error  // Err is the server's answer.
}

// Error names what was refused, and the way out.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("the server does not let this login create %s; in Temporal Cloud run: %s (or use Terraform: docs/how-to/connect-temporal-cloud.md): %s", e.What, e.Fix, e.Err)
}

// Unwrap is the server's answer.
func (e *RefusedError) Unwrap() error { return e.Err }

// refused is true for an answer by which a server refuses a call to everybody, or to this login.
func refused(err error) bool {
	_, denied := errors.AsType[*serviceerror.PermissionDenied](err)
	_, unknown := errors.AsType[*serviceerror.Unimplemented](err)
	return denied || unknown
}

// Register creates the namespace if it does not exist, with the given retention
// for closed runs (at least a day, the server's own minimum), and returns when
// the server answers for it. An existing namespace is left as it is. A server that lets nobody
// create one is a *RefusedError.
func Register(ctx context.Context, c client.Client, namespace string, retention time.Duration) error {
	_, err := c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        namespace,
		Description:                      "Tidegate maintenance runs",
		WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	if refused(err) {
		name, _, _ := strings.Cut(namespace, ".") // the account's part is Temporal Cloud's to add
		return &RefusedError{What: fmt.Sprintf("namespace %q", namespace), Err: err, Fix: fmt.Sprintf(
			"tcld namespace create --namespace %s --region REGION --retention-days %d", name, int(retention.Hours()/24))}
	}
	var exists *serviceerror.NamespaceAlreadyExists
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("create Temporal namespace %q: %w", namespace, err)
	}
	return waitUntilQueryable(ctx, c, namespace, "")
}

// Ensure registers those of the attributes that the namespace lacks, and returns
// when they can be searched by. It changes nothing if one of them exists with
// another type: that is a *TypeConflictError. A server that lets nobody register any is a
// *RefusedError. The namespace must exist.
func Ensure(
	ctx context.Context, c client.Client, namespace string, attributes map[string]enumspb.IndexedValueType,
) error {
	missing, err := Missing(ctx, c, namespace, attributes)
	if err != nil || len(missing) == 0 {
		return err
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace:        namespace,
		SearchAttributes: missing,
	})
	if refused(err) {
		return refusedAttributes(namespace, missing, err)
	}
	if err != nil {
		return fmt.Errorf("add search attributes %s to namespace %q: %w",
			strings.Join(slices.Sorted(maps.Keys(missing)), ", "), namespace, err)
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		// A name that the server knows is accepted in a query, also where no run has it.
		if err := waitUntilQueryable(ctx, c, namespace, name+" IS NOT NULL"); err != nil {
			return err
		}
	}
	return nil
}

// refusedAttributes says how to register attributes in Temporal Cloud.
func refusedAttributes(namespace string, missing map[string]enumspb.IndexedValueType, err error) error {
	names := slices.Sorted(maps.Keys(missing))
	fix := []string{"tcld namespace search-attributes add --namespace", namespace}
	for _, name := range names {
		fix = append(fix, fmt.Sprintf("--search-attribute %s=%s", name, missing[name]))
	}
	what := fmt.Sprintf("search attributes %s in namespace %q", strings.Join(names, ", "), namespace)
	return &RefusedError{What: what, Fix: strings.Join(fix, " "), Err: err}
}

// Missing are those of the attributes that the namespace lacks. One that exists
// with another type is a *TypeConflictError; where the server does not say which there
// are, a query by each finds out, which tells no type. The namespace must exist.
func Missing(
	ctx context.Context, c client.Client, namespace string, attributes map[string]enumspb.IndexedValueType,
) (map[string]enumspb.IndexedValueType, error) {
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{
		Namespace: namespace,
	})
	if refused(err) {
		return unsearchable(ctx, c, namespace, attributes)
	}
	if err != nil {
		return nil, fmt.Errorf("list search attributes of namespace %q: %w", namespace, err)
	}
	missing := make(map[string]enumspb.IndexedValueType)
	var conflicts []error
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		got, ok := have.GetCustomAttributes()[name]
		switch {
		case !ok:
			missing[name] = attributes[name]
		case got != attributes[name]:
			conflicts = append(conflicts, &TypeConflictError{
				Namespace: namespace, Attribute: name, Have: got, Want: attributes[name],
			})
		}
	}
	return missing, errors.Join(conflicts...)
}

// unsearchable are the attributes by which the server does not search.
func unsearchable(
	ctx context.Context, c client.Client, namespace string, attributes map[string]enumspb.IndexedValueType,
) (map[string]enumspb.IndexedValueType, error) {
	missing := make(map[string]enumspb.IndexedValueType)
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		_, err := c.WorkflowService().CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: namespace,
			Query:     name + " IS NOT NULL",
		})
		if _, unknown := errors.AsType[*serviceerror.InvalidArgument](err); unknown {
			missing[name] = attributes[name]
		} else if err != nil {
			return nil, fmt.Errorf("search namespace %q by %s: %w", namespace, name, err)
		}
	}
	return missing, nil
}

// waitUntilQueryable polls because a change of a namespace is stored at once, but
// is seen by the server's own cache only some seconds later: a run started in
// between would be refused. A server that is over its rate will answer later.
func waitUntilQueryable(ctx context.Context, c client.Client, namespace, query string) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		_, err := c.WorkflowService().CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: namespace,
			Query:     query,
		})
		if err == nil {
			return nil
		}
		var notYet *serviceerror.InvalidArgument
		var unknown *serviceerror.NamespaceNotFound
		var busy *serviceerror.ResourceExhausted
		if !errors.As(err, &notYet) && !errors.As(err, &unknown) && !errors.As(err, &busy) {
			return fmt.Errorf("wait for namespace %q to take effect: %w", namespace, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("namespace %q has not taken effect in time; try again: %w: %w", namespace, ctx.Err(), err)
		case <-tick.C:
		}
	}
}
