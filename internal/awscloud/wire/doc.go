// Package wire is what every call to AWS has in common: it follows one call over the wire, and
// turns what the SDK makes of the answer into the words of package maintenance. The table of
// AWS's error forms is here, once, for both services.
//
// The SDK's own retries are off for every call (see NoRetries): Temporal retries, and retries
// inside retries would leave nobody able to say when a step gives up. More important, the SDK
// repeats writes as it repeats reads, and neither UpdateGatewaySoftwareNow nor CreateSnapshot
// has a client token.
//
// It knows no gateway and no snapshot. Start at Start and Call; what an error of AWS means is
// in table.go.
package wire
