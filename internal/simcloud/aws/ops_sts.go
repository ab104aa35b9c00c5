package aws

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

type stsReply struct {
	Result    any
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

func (stsProtocol) encode(w http.ResponseWriter, call *call, out any, err *apiError) {
	status, name := http.StatusOK, call.operation+"Response"
	if err != nil {
		status, name = err.status, "ErrorResponse"
		out = stsFault{Type: "Sender", Code: err.code, Message: err.message, RequestID: call.id}
	}
	writeXML(w, call, status, xml.StartElement{
		Name: xml.Name{Local: name}, Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: stsNamespace}},
	}, out)
}

func (stsProtocol) authErrors() authErrors {
	e := jsonProtocol{}.authErrors()
	e.unknownKey = plain(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")
	e.wrongSecret = plain(http.StatusForbidden, "SignatureDoesNotMatch", e.wrongSecret.message)
	e.skewedCode, e.wrongScope, e.scopeHTTPCode = "SignatureDoesNotMatch", "SignatureDoesNotMatch", http.StatusForbidden
	return e
}

type callerIdentity struct {
	XMLName struct{} `xml:"GetCallerIdentityResult"`
	Arn     string
	UserID  string `xml:"UserId"`
	Account string
}

// callerIdentity says whose credentials the caller has: a user of the account.
func (c *Cloud) callerIdentity(call *call) (any, *apiError) {
	return stsReply{
		Result:    callerIdentity{Arn: "arn:aws:iam::" + call.account + ":user/simulated", UserID: "AIDASIMULATED0000USER", Account: call.account},
		RequestID: call.id,
	}, nil
}

// writeXML sends a document. A client that has gone away is no error of ours.
func writeXML(w http.ResponseWriter, call *call, status int, root xml.StartElement, out any) {
	body := bytes.NewBufferString(xml.Header)
	if err := xml.NewEncoder(body).EncodeElement(out, root); err != nil {
		http.Error(w, "the simulator cannot encode its own answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.Header().Set("X-Amzn-Requestid", call.id)
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) //nolint:errcheck // a client that has gone away
}
