package main

import (
	"regexp"
	"strings"
)

// campaignForm is that of a campaign's name, and of its workflow's id, in which a
// schedule puts a time.
var campaignForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]*$`)

const wantSubject = "a campaign's name, or a gateway's id, such as sgw-12A3456B, or its ARN"

// isGateway is true for what stands for a gateway, perhaps wrongly written.
func isGateway(arg string) bool {
	return strings.HasPrefix(arg, "sgw-") || strings.HasPrefix(arg, "arn:")
}

// campaignArgument judges what stands for a campaign.
func campaignArgument(arg string) error {
	if isGateway(arg) || !campaignForm.MatchString(arg) {
		return wrong("campaign", arg, "a campaign's name, as its plan says it, or its workflow's id")
	}
	return nil
}

// subjectArgument judges what stands for a gateway or a campaign. It gives the
// gateway's id; none for a campaign.
func subjectArgument(arg string) (gatewayID string, err error) {
	if isGateway(arg) {
		return gatewayArgument(arg)
	}
	if !campaignForm.MatchString(arg) {
		return "", wrong("campaign or gateway", arg, wantSubject)
	}
	return "", nil
}

// targetArgument is a target's name, or its gateway's id, as campaigns know it.
func targetArgument(arg string) (string, error) {
	if isGateway(arg) {
		return gatewayArgument(arg)
	}
	if !campaignForm.MatchString(arg) {
		return "", wrong("target", arg, "a target's name, or its gateway's id")
	}
	return arg, nil
}
