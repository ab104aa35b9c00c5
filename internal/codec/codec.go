// Package codec encrypts what Tidegate gives to Temporal: inputs, results, memos, summaries, details,
// heartbeats and the texts of failures (docs/decisions/0022-encryption.md). It also serves decryption
// to the Web UI and the Temporal CLI. It does not know where keys come from (internal/config/connection
// does). Start at Codec and DialOption.
package codec

import (
	"fmt"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const (
	// encoding marks an encrypted payload, as in Temporal's own examples.
	encoding = "binary/encrypted"
	// metadataKeyID is where a payload has the id of its key, as there.
	metadataKeyID = "encryption-key-id"
)

// Codec encrypts and decrypts payloads with AES-256-GCM. What is encrypted already is not encrypted
// again, and what is in plain text is read as it is: it was written before there was a key.
type Codec struct{ Keys Keys }

var _ converter.PayloadCodec = Codec{}

// Encode encrypts payloads, with their metadata.
func (c Codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	key, err := c.Keys.Encrypting()
	if err != nil {
		return nil, fmt.Errorf("nothing is sent to Temporal without encryption: find the key: %w", err)
	}
	if key.AEAD == nil {
		return payloads, nil
	}
	encoded := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if Encrypted(p) {
			encoded[i] = p
			continue
		}
		plain, err := proto.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("encrypt a payload: %w", err)
		}
		encoded[i] = &commonpb.Payload{
			Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encoding), metadataKeyID: []byte(key.ID)},
			Data:     key.Seal(nil, nil, plain, nil), //nolint:gosec // no nonce is given: it makes its own
		}
	}
	return encoded, nil
}

// Decode decrypts payloads. Its errors are an *UnknownKeyError or an *UnreadableError.
func (c Codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	decoded := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if !Encrypted(p) {
			decoded[i] = p
			continue
		}
		key, err := c.Keys.Decrypting(string(p.GetMetadata()[metadataKeyID]))
		if err != nil {
			return nil, err
		}
		plain, err := key.Open(nil, nil, p.GetData(), nil)
		if err != nil {
			return nil, &UnreadableError{ID: key.ID}
		}
		decoded[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(plain, decoded[i]); err != nil {
			return nil, &UnreadableError{ID: key.ID}
		}
	}
	return decoded, nil
}

// Encrypted is true for a payload that Encode has encrypted, with whatever key.
func Encrypted(p *commonpb.Payload) bool {
	return string(p.GetMetadata()[converter.MetadataEncoding]) == encoding
}

// UnknownKeyError says that a payload was encrypted with a key that this process does not have.
type UnknownKeyError struct {
	ID    string   // of the key
	Known []string // the ids of those that there are
}

// Error names the key and says where to add it.
func (e *UnknownKeyError) Error() string {
	known := strings.Join(e.Known, ", ")
	if known == "" {
		known = "none"
	}
	return fmt.Sprintf("a payload is encrypted with the key %q, and this process has: %s; add that key to %s, and keep it for as long as runs that used it are retained",
		e.ID, known, Variable)
}

// GRPCStatus is one by which the SDK neither sends the request again nor ends a worker: it asks the
// errors of a connection for their status.
func (e *UnknownKeyError) GRPCStatus() *status.Status { return status.New(codes.DataLoss, e.Error()) }

// UnreadableError says that a payload is not what the key of its id has encrypted.
type UnreadableError struct{ ID string }

// Error names the key and both causes.
func (e *UnreadableError) Error() string {
	return fmt.Sprintf("a payload that names the key %q cannot be decrypted with it: the key of that id is another one here, so compare %s of the worker and of this process; or the payload was altered",
		e.ID, Variable)
}

// GRPCStatus is as an UnknownKeyError's.
func (e *UnreadableError) GRPCStatus() *status.Status { return status.New(codes.DataLoss, e.Error()) }
