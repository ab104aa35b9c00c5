// Package wire has the wire protocols of AWS's services: it reads a request of Storage Gateway (AWS
// JSON 1.1), of CloudWatch (CBOR, AWS JSON 1.0 or a query) or of EC2 and STS (query and XML), checks
// its SigV4 signature, and writes the answer, the refusal or the scripted fault in the form of the
// service. It knows no gateway, volume or alarm: those are in the package above and in ../cloudwatch.
// Start at Decode and Call.
package wire
