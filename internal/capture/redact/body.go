package redact

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/tidegate/tidegate/internal/capture"
)

// maxDepth bounds how deep a body may be.
const maxDepth = 64

var errDeep = errors.New("is too deep")

// Tree reads a body: by its first byte where it can be told by that, else by its content type. Bodies that are not what
// they look like, or were not read to their end, give no tree.
func Tree(header http.Header, body []byte) (capture.Form, any) {
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		media = ""
	}
	trimmed := bytes.TrimSpace(body)
	switch {
	case len(trimmed) == 0:
		return "", nil
	case media == "application/cbor":
		return read(capture.CBOR, body, readCBOR)
	case trimmed[0] == '<':
		return read(capture.XML, body, readXML)
	case media == "application/x-www-form-urlencoded":
		return read(capture.Query, body, readQuery)
	}
	return read(capture.JSON, body, readJSON)
}

func read(form capture.Form, body []byte, reader func([]byte) (any, error)) (capture.Form, any) {
	tree, err := reader(body)
	if err != nil {
		return capture.Unreadable, nil
	}
	return form, tree
}

func readJSON(body []byte) (tree any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		return nil, err //nolint:wrapcheck // nobody reads it
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("has more after its end")
	}
	return tree, nil
}

func readQuery(body []byte) (any, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err //nolint:wrapcheck // nobody reads it
	}
	return parameters(values), nil
}

// parameters are those of a query: texts.
func parameters(values url.Values) map[string]any {
	tree := make(map[string]any, len(values))
	for name, all := range values {
		if len(all) == 1 {
			tree[name] = all[0]
			continue
		}
		for i, value := range all {
			tree[fmt.Sprintf("%s.%d", name, i+1)] = value
		}
	}
	return tree
}

func readCBOR(body []byte) (any, error) {
	var value any
	if err := cbor.Unmarshal(body, &value); err != nil {
		return nil, err //nolint:wrapcheck // nobody reads it
	}
	return fromCBOR(value, 0)
}

// fromCBOR is the value as JSON has it: times are seconds, as in the JSON that the same services speak.
func fromCBOR(value any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	switch v := value.(type) {
	case map[any]any:
		out := make(map[string]any, len(v))
		for key, inner := range v {
			name, is := key.(string)
			below, err := fromCBOR(inner, depth+1)
			if !is || err != nil {
				return nil, errors.Join(errors.New("a key is no text"), err)
			}
			out[name] = below
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			below, err := fromCBOR(inner, depth+1)
			if err != nil {
				return nil, err
			}
			out[i] = below
		}
		return out, nil
	case time.Time:
		return json.Number(strconv.FormatFloat(float64(v.UnixMilli())/1000, 'f', -1, 64)), nil
	case uint64, int64, float64, float32:
		return json.Number(fmt.Sprint(v)), nil
	case string, bool, nil:
		return v, nil
	}
	return "", nil // bytes and the like, which no service here sends
}

// readXML is a document as an object with its root: elements are objects, or texts where they have no elements, and
// those named item and member are in arrays, however many there are.
func readXML(body []byte) (any, error) {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil, err //nolint:wrapcheck // nobody reads it
		}
		if start, is := token.(xml.StartElement); is {
			root, err := element(decoder, 0)
			return map[string]any{start.Name.Local: root}, err
		}
	}
}

func element(decoder *xml.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	children, text := map[string]any{}, ""
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil, err //nolint:wrapcheck // nobody reads it
		}
		switch t := token.(type) {
		case xml.StartElement:
			child, err := element(decoder, depth+1)
			if err != nil {
				return nil, err
			}
			addChild(children, t.Name.Local, child)
		case xml.CharData:
			text += string(t)
		case xml.EndElement:
			if len(children) > 0 {
				return children, nil
			}
			return text, nil
		}
	}
}

func addChild(children map[string]any, name string, child any) {
	before, has := children[name]
	list, isList := before.([]any)
	switch {
	case isList:
		children[name] = append(list, child)
	case has:
		children[name] = []any{before, child}
	case name == "item" || name == "member":
		children[name] = []any{child}
	default:
		children[name] = child
	}
}
