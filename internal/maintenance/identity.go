package maintenance

import (
	"regexp"
	"strings"
)

// The forms of the clouds' ids (AWS API reference; Huawei API reference:
// instance ids end in in07, proxy ids in po01, both 36 characters).
var (
	gatewayARNForm = regexp.MustCompile(`^arn:(aws(?:-[a-z0-9]+)*):storagegateway:([a-z]{2,}(?:-[a-z]+)+-\d+):(\d{12}):gateway/(sgw-[0-9A-Fa-f]{8,17})$`)
	instanceIDForm = regexp.MustCompile(`^[0-9a-f]{32}in07$`)
	proxyIDForm    = regexp.MustCompile(`^[0-9a-f]{32}po01$`)
	nameForm       = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)
)

const wantGatewayARN = "arn:aws:storagegateway:REGION:ACCOUNT:gateway/sgw-XXXXXXXX"

// GatewayARN is a gateway's ARN, taken apart.
type GatewayARN struct {
	Partition string // such as aws or aws-cn
	Region    string
	Account   string // 12 digits
	ID        string // sgw-...
}

// ParseGatewayARN takes an ARN apart, or says by a FieldError what is wrong.
func ParseGatewayARN(arn string) (GatewayARN, error) {
	m := gatewayARNForm.FindStringSubmatch(arn)
	if m == nil {
		return GatewayARN{}, wrong("gateway.arn", arn, wantGatewayARN)
	}
	return GatewayARN{Partition: m[1], Region: m[2], Account: m[3], ID: m[4]}, nil
}

// GatewayID is the sgw-... part of an ARN, or the ARN itself where it has none.
func GatewayID(arn string) string {
	return arn[strings.LastIndexByte(arn, '/')+1:]
}

func checkForm(form *regexp.Regexp, field, value, want string) error {
	if form.MatchString(value) {
		return nil
	}
	return wrong(field, value, want)
}
