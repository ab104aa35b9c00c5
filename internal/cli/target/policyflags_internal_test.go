package target

import (
	"encoding"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// A field that a file can say and the command line cannot is one that someone
// forgot.
func TestEveryFieldOfAPolicyHasItsFlag(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile("../../../docs/reference/configuration.md")
	require.NoError(t, err)
	cmd := &cobra.Command{}
	flags := NewPolicyFlags(cmd)
	others := map[string]string{"policy.approval": "approval", "policy.freezes": "freeze", "policy.proxies.shiftReads": "shift-reads"}
	var known []string
	for _, field := range fieldsOf(reflect.TypeFor[maintenance.Policy](), "policy") {
		name := flags.names[field] + others[field]
		require.NotNil(t, cmd.Flags().Lookup(name), "%s has no flag", field)
		known = append(known, name)
		value := strings.Trim(cmd.Flags().Lookup(name).DefValue, "[]") // of a list without elements
		row := fmt.Sprintf("| `%s` | `--%s` | %s|", strings.TrimPrefix(field, "policy."), name, strings.TrimPrefix(value+" ", " "))
		require.Contains(t, string(docs), row, "docs/reference/configuration.md")
	}
	for _, name := range flags.names {
		require.Contains(t, known, name, "--%s is for no field", name)
	}
}

// fieldsOf are the paths of a struct's fields, by their JSON names.
func fieldsOf(t reflect.Type, path string) []string {
	var all []string
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Type.Kind() != reflect.Struct || field.Type.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
			all = append(all, path+"."+name)
		default:
			all = slices.Concat(all, fieldsOf(field.Type, path+"."+name))
		}
	}
	return all
}
