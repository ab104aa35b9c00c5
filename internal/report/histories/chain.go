package histories

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/tidegate/tidegate/internal/report"
)

// chainOf makes the chain of histories in their order.
func chainOf(planDigest string, histories []report.Link) report.Chain {
	c := report.Chain{PlanDigest: planDigest, Links: make([]report.Link, 0, len(histories)), Head: planDigest}
	for _, l := range histories {
		l.Hash = sum([]byte(strings.Join([]string{c.Head, l.WorkflowID, l.RunID, strconv.Itoa(l.Events), l.SHA256}, "\n")))
		c.Links, c.Head = append(c.Links, l), l.Hash
	}
	return c
}

func sum(text []byte) string {
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:])
}

// digestOf is the SHA-256 of a history's canonical encoding: of each event the
// JSON form of protocol buffers, with sorted keys and without spaces, and a line's
// end.
func digestOf(events []*historypb.HistoryEvent) (string, error) {
	hash := sha256.New()
	for _, e := range events {
		line, err := canonical(e)
		if err != nil {
			return "", err
		}
		hash.Write(append(line, '\n'))
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// canonical is an event as it was written. What is left out is what Temporal
// itself may say otherwise later: search attributes, to which it adds, whenever
// someone reads, the types and names that the namespace has then; the task's id,
// which is given again where a history is replicated.
func canonical(event *historypb.HistoryEvent) ([]byte, error) {
	e, ok := proto.Clone(event).(*historypb.HistoryEvent)
	if !ok {
		return nil, fmt.Errorf("event %d is not a history event", event.GetEventId())
	}
	e.TaskId = 0
	for _, a := range []interface {
		GetSearchAttributes() *commonpb.SearchAttributes
	}{
		e.GetWorkflowExecutionStartedEventAttributes(), e.GetWorkflowExecutionContinuedAsNewEventAttributes(),
		e.GetStartChildWorkflowExecutionInitiatedEventAttributes(), e.GetUpsertWorkflowSearchAttributesEventAttributes(),
	} {
		if attributes := a.GetSearchAttributes(); attributes != nil {
			attributes.IndexedFields = nil
		}
	}
	text, err := protojson.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode event %d: %w", e.GetEventId(), err)
	}
	// protojson varies its spaces on purpose.
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var plain any
	if err := decoder.Decode(&plain); err != nil {
		return nil, fmt.Errorf("encode event %d: %w", e.GetEventId(), err)
	}
	line, err := json.Marshal(plain)
	if err != nil {
		return nil, fmt.Errorf("encode event %d: %w", e.GetEventId(), err)
	}
	return line, nil
}
