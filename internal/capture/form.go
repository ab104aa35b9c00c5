// Package capture is the form in which the flight recorder writes what clouds were asked and what they answered: JSON
// lines, redacted, in files that rotate. docs/reference/captures.md describes it; recorder writes it, redact takes out
// what nobody else may read, compare holds it against the simulated clouds.
//
// It knows no cloud. Start at Exchange, Read and File.
package capture

import "time"

// Version is that of the form. A reader refuses another one.
const Version = 1

// Header is the first line of a file.
type Header struct {
	Version int       `json:"tidegateCapture"`
	Started time.Time `json:"started"` // UTC
	Program string    `json:"program"` // and its version
}

// End is the last line of a file that was closed in order.
type End struct {
	Written int `json:"written"` // exchanges in this file
	// Dropped are the exchanges of the whole process so far that no file has: the disk was full or too slow.
	Dropped int    `json:"dropped"`
	Reason  string `json:"reason"` // closed or rotated
}

// Exchange is one request and what came of it. Values are redacted: see package redact.
type Exchange struct {
	// At is when the request was handed to the connection, by the clock of the machine; Took is the time from then
	// until the answer's headers were there, in milliseconds.
	At   time.Time `json:"at"`
	Took float64   `json:"tookMs"`
	// Cloud is aws or huawei, Service the API, such as storagegateway, and Operation the API's name of the call;
	// empty where it was not recognized.
	Cloud     string `json:"cloud"`
	Service   string `json:"service"`
	Operation string `json:"operation"`
	Region    string `json:"region,omitempty"`  // as the signature or the host says
	Account   string `json:"account,omitempty"` // a pseudonym of its name in the accounts file
	// Attempt is the attempt of the activity that made the call, from 1; 0 where no activity did.
	Attempt  int       `json:"attempt,omitempty"`
	Request  Request   `json:"request"`
	Response *Response `json:"response,omitempty"` // nil: none came
	// Failure is why no answer came: timeout, canceled, refused, reset, closed, no-such-host, tls or other.
	Failure string `json:"failure,omitempty"`
}

// Request is what was sent.
type Request struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"` // the harmless ones
	Body    Body              `json:"body,omitzero"`
}

// Response is what came back.
type Response struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitempty"` // the harmless ones
	Body    Body              `json:"body,omitzero"`
}

// Form is how a body was written on the wire.
type Form string

// The forms. A body that could not be read as what it says it is is unreadable: only its length is known.
const (
	JSON       Form = "json"
	Query      Form = "query"
	XML        Form = "xml"
	CBOR       Form = "cbor"
	Unreadable Form = "unreadable"
)

// Body is a body as a tree: objects, arrays, strings, numbers, booleans and null. XML's elements are objects, with
// arrays for elements named item and member; a query's parameters are one object.
type Body struct {
	Form  Form `json:"form"`
	Bytes int  `json:"bytes"` // on the wire
	Value any  `json:"value,omitempty"`
}
