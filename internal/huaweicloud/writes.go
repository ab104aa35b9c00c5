package huaweicloud

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	gaussdb "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/model"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// maxWeight is the largest read weight (API reference).
const maxWeight = 1000

// Upgrade starts the upgrade of a proxy's kernel from the version that it runs
// to another one, and gives the id of its job. There is no way back. It is sent
// once; a 200 with REJECT is ErrRejected with the cloud's reason, and a 200 that
// does not speak of this proxy is ErrUnknownOutcome.
func (c *Cloud) Upgrade(ctx context.Context, instanceID, proxyID, from, to string) (string, error) {
	op := &operation{
		doing:   fmt.Sprintf("upgrade proxy %s of instance %s from %s to %s", proxyID, instanceID, from, to),
		action:  "gaussdbformysql:proxy:upgrade",
		changes: true,
	}
	if err := checkIDs(op, instanceID, proxyID); err != nil {
		return "", err
	}
	request := &model.UpgradeProxyVersionRequest{
		InstanceId: instanceID, ProxyId: proxyID,
		Body: &model.ProxyUpgradeProxyVersionRequest{SourceVersion: from, TargetVersion: to},
	}
	reply, err := call(ctx, c, op, func(client *gaussdb.GaussDBClient) (*model.UpgradeProxyVersionResponse, error) {
		return client.UpgradeProxyVersion(request)
	})
	if err != nil {
		return "", err
	}
	result, err := c.resultFor(op, value(reply.UpdateResult), instanceID, proxyID)
	if err != nil {
		return "", err
	}
	return c.verdict(op, result)
}

// resultFor finds the proxy's element among those of update_result, which may
// hold others. instance_id there means the proxy; the API's own example leaves
// it out, so an only element may lack it or name the DB instance. Of two without
// it, as in the example, an ACCEPT and a REJECT, nobody can tell which is the
// proxy's: whether the upgrade started is then for the proxy to show.
func (c *Cloud) resultFor(
	op *operation, results []model.ProxyUpgradeVersionDetail, instanceID, proxyID string,
) (model.ProxyUpgradeVersionDetail, error) {
	var own []model.ProxyUpgradeVersionDetail
	said := make([]string, 0, len(results))
	for _, result := range results {
		id := value(result.InstanceId)
		if id == proxyID || len(results) == 1 && (id == "" || id == instanceID) {
			own = append(own, result)
		}
		said = append(said, c.describe(result))
	}
	if len(own) == 1 {
		return own[0], nil
	}
	what := fmt.Sprintf("single verdict on the proxy: %d of %d elements of update_result speak of it", len(own), len(results))
	if len(said) > 0 {
		what += ": " + strings.Join(said, ", ")
	}
	return model.ProxyUpgradeVersionDetail{}, op.missing(what)
}

// describe says an element of update_result for an operator.
func (c *Cloud) describe(result model.ProxyUpgradeVersionDetail) string {
	said := fmt.Sprintf("%s (instance_id %q, workflow_id %q)", value(result.State), value(result.InstanceId),
		value(result.WorkflowId))
	if text := value(result.ErrorMessage); text != "" {
		said += " " + strconv.Quote(text)
	}
	return c.clean(said)
}

// verdict reads an element of update_result.
func (c *Cloud) verdict(op *operation, result model.ProxyUpgradeVersionDetail) (string, error) {
	state, jobID, text := value(result.State), value(result.WorkflowId), value(result.ErrorMessage)
	switch {
	case state == "REJECT":
		return "", op.fail(maintenance.ErrRejected, "%s", c.clean(text))
	case state == "ACCEPT" && jobID != "" && text == "":
		return jobID, nil
	default:
		return "", op.fail(maintenance.ErrUnknownOutcome, "the reply has state %q, workflow_id %q and error_message %q",
			c.clean(state), c.clean(jobID), c.clean(text))
	}
}

// SetReadWeights gives the primary and the read replicas of a proxy that routes
// by weight (mode 0) the weights of routing, 0 to 1000, and gives the id of the
// job that does so.
func (c *Cloud) SetReadWeights(
	ctx context.Context, instanceID, proxyID string, routing maintenance.ProxyRouting,
) (string, error) {
	op := &operation{
		doing:   fmt.Sprintf("set the read weights of proxy %s of instance %s", proxyID, instanceID),
		action:  "gaussdbformysql:proxy:modifyWeight",
		changes: true,
	}
	if err := checkIDs(op, instanceID, proxyID); err != nil {
		return "", err
	}
	body, err := weights(op, routing)
	if err != nil {
		return "", err
	}
	request := &model.SetGaussMySqlProxyWeightRequest{InstanceId: instanceID, ProxyId: proxyID, Body: body}
	reply, err := call(ctx, c, op, func(client *gaussdb.GaussDBClient) (*model.SetGaussMySqlProxyWeightResponse, error) {
		return client.SetGaussMySqlProxyWeight(request)
	})
	if err != nil {
		return "", err
	}
	return jobOf(op, reply.JobId)
}

// jobOf is the id of the job that a change started.
func jobOf(op *operation, id *string) (string, error) {
	if value(id) == "" {
		return "", op.missing("job_id")
	}
	return *id, nil
}

func weights(op *operation, routing maintenance.ProxyRouting) (*model.TaurusModifyProxyWeightRequest, error) {
	invalid := func(format string, args ...any) error {
		return op.fail(maintenance.ErrInvalid, "not sent: "+format, args...)
	}
	if routing.Mode != 0 {
		return nil, invalid("only a proxy of route mode 0 has weights, not one of mode %d", routing.Mode)
	}
	master, err := weight(routing.MasterWeight)
	if err != nil {
		return nil, invalid("the primary: %v", err)
	}
	nodes := make([]model.ModifyProxyWeightReadonlyNode, 0, len(routing.ReadWeights))
	for _, node := range routing.ReadWeights {
		w, err := weight(node.Weight)
		if err != nil {
			return nil, invalid("replica %s: %v", node.ID, err)
		}
		nodes = append(nodes, model.ModifyProxyWeightReadonlyNode{Id: &node.ID, Weight: w})
	}
	return &model.TaurusModifyProxyWeightRequest{MasterWeight: master, ReadonlyNodes: &nodes}, nil
}

func weight(w int) (*int32, error) {
	if w < 0 || w > maxWeight {
		return nil, fmt.Errorf("invalid weight %d: must be 0 to %d", w, maxWeight)
	}
	small := int32(w)
	return &small, nil
}

// Restart restarts a proxy, which interrupts its connections, and gives the id
// of its job. The vendor says that it may fail for a proxy that is ABNORMAL.
func (c *Cloud) Restart(ctx context.Context, instanceID, proxyID string) (string, error) {
	op := &operation{
		doing:   fmt.Sprintf("restart proxy %s of instance %s", proxyID, instanceID),
		action:  "gaussdbformysql:proxy:restart",
		changes: true,
	}
	if err := checkIDs(op, instanceID, proxyID); err != nil {
		return "", err
	}
	request := &model.RestartProxyInstanceRequest{
		ContentType: "application/json", InstanceId: instanceID, ProxyId: proxyID,
	}
	reply, err := call(ctx, c, op, func(client *gaussdb.GaussDBClient) (*model.RestartProxyInstanceResponse, error) {
		return client.RestartProxyInstance(request)
	})
	if err != nil {
		return "", err
	}
	return jobOf(op, reply.JobId)
}
