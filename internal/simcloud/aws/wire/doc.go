// Package wire has the wire protocols of AWS's services: it reads a request of Storage Gateway (AWS JSON
// 1.1) or of EC2 and STS (query and XML), checks its SigV4 signature, and writes the answer,
// the refusal or the scripted fault in the form of the service. It knows no gateway, volume or
// snapshot: those are in the package above. Start at Decode and Call.
package wire
