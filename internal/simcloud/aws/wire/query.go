package wire

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
)

// queryProtocol is EC2's: form-urlencoded requests, XML answers.
type queryProtocol struct{}

const ec2Namespace = "http://ec2.amazonaws.com/doc/2016-11-15/"

// xmlFault is the body of an error; RequestID has a capital ID only here.
type xmlFault struct {
	Code      string `xml:"Errors>Error>Code"`
	Message   string `xml:"Errors>Error>Message"`
	RequestID string `xml:"RequestID"`
}

func (queryProtocol) encode(w http.ResponseWriter, call *Call, out any, err *Error) {
	status := http.StatusOK
	root := xml.StartElement{
		Name: xml.Name{Local: call.Operation + "Response"},
		Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: ec2Namespace}},
	}
	if err != nil {
		status = err.status
		root = xml.StartElement{Name: xml.Name{Local: "Response"}}
		out = xmlFault{Code: err.code, Message: err.Message, RequestID: call.ID}
	}
	writeXML(w, call, status, root, out)
}

func (queryProtocol) unknownOperation(name string) *Error {
	return Bad("InvalidAction", fmt.Sprintf("The action %s is not valid for this web service.", name))
}

func (queryProtocol) authErrors() authErrors {
	denied := Plain(http.StatusUnauthorized, "AuthFailure", "AWS was not able to validate the provided access credentials")
	expired := Bad("RequestExpired", "Request has expired.")
	return authErrors{
		missing: Plain(http.StatusForbidden, "MissingAuthenticationToken",
			"The request must contain valid AWS access keys."),
		incomplete:    Bad("IncompleteSignature", "The request signature does not conform to AWS standards."),
		unknownKey:    denied,
		wrongSecret:   denied,
		expiredToken:  expired,
		expired:       expired,
		skewedCode:    "RequestExpired",
		wrongScope:    "AuthFailure",
		scopeHTTPCode: http.StatusUnauthorized,
	}
}

// List reads Prefix.1, Prefix.2, ... of a query.
func (c *Call) List(prefix string) []string {
	var out []string
	for i := 1; ; i++ {
		value, has := c.Form[prefix+"."+strconv.Itoa(i)]
		if !has {
			return out
		}
		out = append(out, value[0])
	}
}
