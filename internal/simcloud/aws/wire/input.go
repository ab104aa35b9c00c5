package wire

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Input decodes what a request of Storage Gateway or CloudWatch asks for. The struct's
// fields have the members' exact names.
func Input[In any](call *Call) (in In, err *Error) {
	if err := call.read(call, &in); err != nil {
		return in, Bad("SerializationException", "The request's body cannot be read: "+err.Error())
	}
	return in, nil
}

// maxFormDepth is how deep a member of a query may lie: the deepest that is read is
// Tags.member.1.Value.
const maxFormDepth = 6

// readForm decodes a query, in which a list's entries are Name.member.1, Name.member.2, ...
// and a structure's members Name.Member. As AWS does, it ignores what it does not know.
func readForm(call *Call, into any) error {
	form := form{values: map[string]string{}, given: map[string]bool{}}
	for name, values := range call.Form {
		if strings.Count(name, ".") >= maxFormDepth {
			continue
		}
		form.values[name] = values[0]
		for at, char := range name {
			if char == '.' {
				form.given[name[:at]] = true
			}
		}
		form.given[name] = true
	}
	return form.read("", reflect.ValueOf(into).Elem())
}

// form is a query's parameters, and all names and beginnings of names that are given.
type form struct {
	values map[string]string
	given  map[string]bool
}

// read reads the member of a name into a value, which stays as it is where the query
// does not have the member. The name of the input itself is empty.
func (f form) read(name string, into reflect.Value) error {
	if name != "" && !f.given[name] {
		return nil
	}
	if text, reads := reflect.TypeAssert[encoding.TextUnmarshaler](into.Addr()); reads {
		return wrong(name, text.UnmarshalText([]byte(f.values[name])))
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		return f.read(name, into.Elem())
	case reflect.Struct:
		return f.members(name, into)
	case reflect.Slice:
		return f.list(name, into)
	case reflect.String:
		into.SetString(f.values[name])
	case reflect.Int:
		n, err := strconv.Atoi(f.values[name])
		into.SetInt(int64(n))
		return wrong(name, err)
	}
	return nil
}

func (f form) members(name string, into reflect.Value) error {
	if name != "" {
		name += "."
	}
	for i := range into.NumField() {
		if err := f.read(name+into.Type().Field(i).Name, into.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

func (f form) list(name string, into reflect.Value) error {
	into.Set(reflect.MakeSlice(into.Type(), 0, 0)) // a list that is given is not missing, though it is empty
	for i := 1; f.given[name+".member."+strconv.Itoa(i)]; i++ {
		entry := reflect.New(into.Type().Elem()).Elem()
		if err := f.read(name+".member."+strconv.Itoa(i), entry); err != nil {
			return err
		}
		into.Set(reflect.Append(into, entry))
	}
	return nil
}

func wrong(name string, err error) error {
	if err != nil {
		return fmt.Errorf("parameter %s: %w", name, err)
	}
	return nil
}
