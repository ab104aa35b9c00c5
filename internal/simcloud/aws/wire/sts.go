package wire

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"net/http"
)

// stsProtocol is that of the Security Token Service: the query protocol, whose answers
// have another form than EC2's.
type stsProtocol struct{ queryProtocol }

const stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"

// queryFault is the body of an error in the query protocol, of any service but EC2.
type queryFault struct {
	Type      string `xml:"Error>Type"`
	Code      string `xml:"Error>Code"`
	Message   string `xml:"Error>Message"`
	RequestID string `xml:"RequestId"`
}

// STSReply is an answer of the Security Token Service; Result names its own XML element.
type STSReply struct {
	Result    any
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

func (stsProtocol) encode(w http.ResponseWriter, call *Call, out any, err *Error) {
	if err != nil {
		writeQueryError(w, call, stsNamespace, err)
		return
	}
	writeQueryReply(w, call, stsNamespace, out)
}

// writeQueryReply sends an answer whose root has the operation's name.
func writeQueryReply(w http.ResponseWriter, call *Call, namespace string, reply any) {
	writeXML(w, call, http.StatusOK, queryRoot(call.Operation+"Response", namespace), reply)
}

// writeQueryError sends a refusal with the query's own code.
func writeQueryError(w http.ResponseWriter, call *Call, namespace string, err *Error) {
	writeXML(w, call, err.status, queryRoot("ErrorResponse", namespace), queryFault{
		Type: err.faultOf(), Code: cmp.Or(err.query, err.code), Message: err.Message, RequestID: call.ID,
	})
}

func queryRoot(name, namespace string) xml.StartElement {
	return xml.StartElement{
		Name: xml.Name{Local: name}, Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespace}},
	}
}

func (stsProtocol) authErrors() authErrors {
	e := jsonProtocol{}.authErrors()
	e.unknownKey = Plain(http.StatusForbidden, "InvalidClientTokenId",
		"The security token included in the request is invalid.")
	e.wrongSecret = Plain(http.StatusForbidden, "SignatureDoesNotMatch", e.wrongSecret.Message)
	e.skewedCode, e.wrongScope, e.scopeHTTPCode = "SignatureDoesNotMatch", "SignatureDoesNotMatch", http.StatusForbidden
	return e
}

// writeXML sends a document. A client that has gone away is no error of ours.
func writeXML(w http.ResponseWriter, call *Call, status int, root xml.StartElement, out any) {
	body := bytes.NewBufferString(xml.Header)
	if err := xml.NewEncoder(body).EncodeElement(out, root); err != nil {
		http.Error(w, "the simulator cannot encode its own answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.Header().Set("X-Amzn-Requestid", call.ID)
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a client that has gone away
}
