// Package fault splits the errors of a validation, so that each invalid value can be named where
// the person gave it: as a line of a file, or as a flag. It validates nothing itself. Start at
// Fields.
package fault

import "github.com/tidegate/tidegate/internal/maintenance"

// Fields are all field errors that an error wraps, in the order in which they
// were found. Joined errors are followed into every branch, which errors.As
// does not do.
func Fields(err error) []*maintenance.FieldError {
	switch e := err.(type) { //nolint:errorlint // this walks the tree that errors.As would stop in
	case *maintenance.FieldError:
		return []*maintenance.FieldError{e}
	case interface{ Unwrap() []error }:
		var all []*maintenance.FieldError
		for _, part := range e.Unwrap() {
			all = append(all, Fields(part)...)
		}
		return all
	case interface{ Unwrap() error }:
		return Fields(e.Unwrap())
	}
	return nil
}
