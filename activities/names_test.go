package activities_test

import (
	"encoding"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"

	"github.com/tidegate/tidegate/activities"
)

var update = flag.Bool("update", false, "write the golden file again")

// registry keeps what Register registers.
type registry struct{ structs []any }

func (r *registry) RegisterActivity(a any) { r.structs = append(r.structs, a) }

func (r *registry) RegisterActivityWithOptions(a any, _ activity.RegisterOptions) {
	r.RegisterActivity(a)
}

func (r *registry) RegisterDynamicActivity(a any, _ activity.DynamicRegisterOptions) {
	r.RegisterActivity(a)
}

// form is an activity as histories hold it: every field of its input and its
// output filled.
type form struct {
	In  any `json:"in"`
	Out any `json:"out"`
}

func forms(t *testing.T) map[string]form {
	t.Helper()
	r := newRig(t)
	var known registry
	activities.Register(&known, r.providers())
	found := map[string]form{}
	for _, s := range known.structs {
		for method := range reflect.TypeOf(s).Methods() {
			require.Equal(t, 3, method.Type.NumIn(), "%s takes a context and one struct", method.Name)
			require.NotContains(t, found, method.Name, "a name is used twice")
			found[method.Name] = form{In: filled(t, method.Type.In(2)), Out: filled(t, method.Type.Out(0))}
		}
	}
	return found
}

// Histories contain the names and fields of activities. A change of the golden file may
// only add some.
func TestActivitiesKeepTheirNamesAndForms(t *testing.T) {
	t.Parallel()
	text, err := json.MarshalIndent(forms(t), "", "  ")
	require.NoError(t, err)
	const golden = "testdata/activities.json"
	if *update {
		require.NoError(t, os.WriteFile(golden, append(text, '\n'), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), string(text)+"\n")
}

func TestAWorkerKnowsTheActivitiesByTheseNames(t *testing.T) {
	t.Parallel()
	attempt := func(name string, in any) error {
		r := newRig(t)
		r.runs = fakeRuns{"text": {fails: errors.New("Temporal is not there either")}}
		r.known.err = errors.New("nor is a configuration")
		_, err := r.environment().ExecuteActivity(name, in)
		return err
	}
	const unknown = "unable to find activityType"
	for name, form := range forms(t) {
		if err := attempt(name, form.In); err != nil { // most need the account of their input
			require.NotContains(t, err.Error(), unknown, name)
		}
	}
	require.ErrorContains(t, attempt("triggerUpdate", struct{}{}), unknown, "how a name looks that no worker knows")
}

// filled is a value of the type in which no field is empty.
func filled(t *testing.T, of reflect.Type) any {
	t.Helper()
	v := reflect.New(of).Elem()
	fill(t, v)
	return v.Interface()
}

func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(7)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Int64:
		v.SetInt(int64(90 * time.Second))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		value := reflect.New(v.Type().Elem()).Elem()
		fill(t, value)
		v.SetMapIndex(reflect.ValueOf("key"), value)
	case reflect.Struct:
		fillStruct(t, v)
	default:
		require.Fail(t, "histories hold no such kind", v.Kind())
	}
}

func fillStruct(t *testing.T, v reflect.Value) {
	t.Helper()
	if text, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		for _, form := range []string{"GMT+5:30", "2026-11-22T02:00:00Z", "10%", "9m..9m12s"} {
			if text.UnmarshalText([]byte(form)) == nil {
				return
			}
		}
		require.Fail(t, "no form fills it", "%T", v.Interface())
	}
	for _, field := range v.Fields() {
		fill(t, field)
	}
}
