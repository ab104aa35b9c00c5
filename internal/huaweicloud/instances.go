package huaweicloud

import (
	"context"

	gaussdb "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/model"

	"github.com/tidegate/tidegate/internal/maintenance/inventory"
)

// instancesPage is the largest page of the list of DB instances (the SDK's model of
// ListGaussMySqlInstances).
const instancesPage = 100

// Instances lists the project's DB instances.
func (c *Cloud) Instances(ctx context.Context) ([]inventory.Instance, error) {
	op := &operation{doing: "list the DB instances", action: "gaussdbformysql:instance:list"}
	page := func(offset int32) ([]inventory.Instance, int, error) {
		limit := int32(instancesPage)
		request := &model.ListGaussMySqlInstancesRequest{Offset: &offset, Limit: &limit}
		reply, err := call(ctx, c, op, func(client *gaussdb.GaussDBClient) (*model.ListGaussMySqlInstancesResponse, error) {
			//nolint:staticcheck // its successor has other statuses, as has that of the single instance
			return client.ListGaussMySqlInstances(request)
		})
		if err != nil {
			return nil, 0, err
		}
		if reply.Instances == nil {
			return nil, 0, op.missing("instances")
		}
		total := unknownTotal
		if reply.TotalCount != nil {
			total = int(*reply.TotalCount)
		}
		found := make([]inventory.Instance, 0, len(*reply.Instances))
		for _, i := range *reply.Instances {
			found = append(found, inventory.Instance{ID: i.Id, Name: i.Name, Status: value(i.Status)})
		}
		return found, total, nil
	}
	return discover(op, instancesPage, func(i inventory.Instance) string { return i.ID }, page)
}
