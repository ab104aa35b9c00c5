package strict

import (
	"cmp"
	"reflect"
	"strings"
)

// FieldName is the name that a field has in a document.
func FieldName(f reflect.StructField) string {
	tag, ok := f.Tag.Lookup("yaml")
	if !ok {
		tag = f.Tag.Get("json")
	}
	name, _, _ := strings.Cut(tag, ",")
	return cmp.Or(name, strings.ToLower(f.Name))
}

// fieldsOf are the names of a struct's fields, in its order. Those of an embedded struct are its own.
func fieldsOf(t reflect.Type) []string {
	names := make([]string, 0, t.NumField())
	for f := range t.Fields() {
		if f.Anonymous {
			names = append(names, fieldsOf(f.Type)...)
			continue
		}
		names = append(names, FieldName(f))
	}
	return names
}

// fieldOf is the field of that name; ok: there is one.
func fieldOf(v reflect.Value, name string) (found reflect.Value, ok bool) {
	for f, value := range v.Fields() {
		if f.Anonymous {
			if found, ok := fieldOf(value, name); ok {
				return found, true
			}
			continue
		}
		if FieldName(f) == name {
			return value, true
		}
	}
	return reflect.Value{}, false
}

// unknown is the problem of an unknown field, with the known field that is closest to it.
func unknown(key string, fields []string) string {
	if near := nearest(key, fields); near != "" {
		return Unknown + " (did you mean " + near + "?)"
	}
	return Unknown
}

// nearest is the name that differs least from a key; empty where none is near.
func nearest(key string, names []string) string {
	best, near := max(2, len(key)/3)+1, ""
	for _, name := range names {
		if d := distance(strings.ToLower(key), strings.ToLower(name), best); d < best {
			best, near = d, name
		}
	}
	return near
}

// distance is how many letters are to be changed, added or removed to make b
// of a (Levenshtein's); most where it is that or more.
func distance(a, b string, most int) int {
	if len(a)-len(b) >= most || len(b)-len(a) >= most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return min(row[len(b)], most)
}
