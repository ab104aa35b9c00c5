package wire

import (
	"bytes"
	"encoding/xml"
	"net/http"
)

// stsProtocol is that of the Security Token Service: the query protocol, whose answers
// have another form than EC2's.
type stsProtocol struct{ queryProtocol }

const stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"

type stsFault struct {
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
	status, name := http.StatusOK, call.Operation+"Response"
	if err != nil {
		status, name = err.status, "ErrorResponse"
		out = stsFault{Type: "Sender", Code: err.code, Message: err.Message, RequestID: call.ID}
	}
	writeXML(w, call, status, xml.StartElement{
		Name: xml.Name{Local: name}, Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: stsNamespace}},
	}, out)
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
