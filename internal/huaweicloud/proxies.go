package huaweicloud

import (
	"context"
	"fmt"
	"slices"

	gaussdb "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/model"

	"github.com/tidegate/tidegate/internal/maintenance"
)

const (
	// proxiesPage is the largest page of the list of proxies. The default is 10
	// or 100, depending on the document.
	proxiesPage = 100
	// engineName is the constant that the version's path takes.
	engineName = "taurusproxy"
	// upgradeTask is the schedule type of a proxy kernel upgrade.
	upgradeTask = "PROXY_VERSION_UPGRADE"
)

// Proxies lists the proxies of a DB instance.
func (c *Cloud) Proxies(ctx context.Context, instanceID string) ([]maintenance.Proxy, error) {
	op := &operation{doing: "list the proxies of instance " + instanceID, action: "gaussdbformysql:proxy:list"}
	if err := checkIDs(op, instanceID); err != nil {
		return nil, err
	}
	page := func(offset int32) ([]maintenance.Proxy, int, error) {
		limit := int32(proxiesPage)
		request := &model.ShowGaussMySqlProxyListRequest{InstanceId: instanceID, Offset: &offset, Limit: &limit}
		reply, err := call(ctx, c, op, func(client *gaussdb.GaussDBClient) (*model.ShowGaussMySqlProxyListResponse, error) {
			return client.ShowGaussMySqlProxyList(request)
		})
		if err != nil {
			return nil, 0, err
		}
		if reply.ProxyList == nil {
			return nil, 0, op.missing("proxy_list")
		}
		proxies, err := toProxies(op, *reply.ProxyList)
		return proxies, unknownTotal, err
	}
	return discover(op, proxiesPage, func(p maintenance.Proxy) string { return p.ID }, page)
}

func toProxies(op *operation, list []model.MysqlShowProxyResponseV3) ([]maintenance.Proxy, error) {
	proxies := make([]maintenance.Proxy, 0, len(list))
	for _, entry := range list {
		if entry.Proxy == nil || value(entry.Proxy.PoolId) == "" {
			return nil, op.missing("id (pool_id) for one of the proxies")
		}
		proxies = append(proxies, toProxy(entry))
	}
	return proxies, nil
}

func toProxy(entry model.MysqlShowProxyResponseV3) maintenance.Proxy {
	proxy := maintenance.Proxy{
		ID:         value(entry.Proxy.PoolId),
		Name:       value(entry.Proxy.Name),
		Status:     value(entry.Proxy.Status),
		PoolStatus: value(entry.Proxy.PoolStatus),
		Routing: maintenance.ProxyRouting{
			Mode:         int(value(entry.Proxy.RouteMode)), // by default 0, as the API says
			MasterWeight: int(value(value(entry.MasterNode).Weight)),
		},
	}
	for _, node := range value(entry.Proxy.Nodes) {
		proxy.Nodes = append(proxy.Nodes, maintenance.ProxyNode{ID: value(node.Id), Status: value(node.Status)})
	}
	for _, node := range value(entry.ReadonlyNodes) {
		proxy.Routing.ReadWeights = append(proxy.Routing.ReadWeights,
			maintenance.NodeWeight{ID: value(node.Id), Weight: int(value(node.Weight))})
	}
	return proxy
}

// Kernel reads which kernel version a proxy runs, and what is offered.
func (c *Cloud) Kernel(ctx context.Context, instanceID, proxyID string) (maintenance.ProxyKernel, error) {
	op := &operation{
		doing:  fmt.Sprintf("read the kernel version of proxy %s of instance %s", proxyID, instanceID),
		action: "gaussdbformysql:proxy:list",
	}
	if err := checkIDs(op, instanceID, proxyID); err != nil {
		return maintenance.ProxyKernel{}, err
	}
	request := &model.ShowProxyVersionRequest{InstanceId: instanceID, ProxyId: proxyID, EngineName: engineName}
	reply, err := call(ctx, c, op, func(client *gaussdb.GaussDBClient) (*model.ShowProxyVersionResponse, error) {
		return client.ShowProxyVersion(request)
	})
	if err != nil {
		return maintenance.ProxyKernel{}, err
	}
	if value(reply.CurrentVersion) == "" {
		return maintenance.ProxyKernel{}, op.missing("current_version")
	}
	return maintenance.ProxyKernel{
		Current:    *reply.CurrentVersion,
		Latest:     value(reply.LatestVersion),
		CanUpgrade: value(reply.CanUpgrade),
	}, nil
}

// UpgradePending is true when an upgrade of the proxy's kernel that was
// scheduled in the console, or by the vendor, waits or runs.
func (c *Cloud) UpgradePending(ctx context.Context, instanceID, proxyID string) (bool, error) {
	op := &operation{
		doing:  fmt.Sprintf("look for a scheduled upgrade of proxy %s of instance %s", proxyID, instanceID),
		action: "gaussdbformysql:instance:getScheduleTask",
	}
	if err := checkIDs(op, instanceID, proxyID); err != nil {
		return false, err
	}
	request := &model.CheckScheduleTaskExistRequest{
		InstanceId: instanceID,
		Body:       &model.CheckScheduleTaskExistRequestBody{ScheduleType: upgradeTask, ProxyId: &proxyID},
	}
	reply, err := call(ctx, c, op, func(client *gaussdb.GaussDBClient) (*model.CheckScheduleTaskExistResponse, error) {
		return client.CheckScheduleTaskExist(request)
	})
	if err != nil {
		return false, err
	}
	if reply.Exist == nil {
		return false, op.missing("member exist")
	}
	tasks := value(reply.ScheduledTasks)
	return *reply.Exist && (len(tasks) == 0 || slices.ContainsFunc(tasks, func(task model.ScheduledTaskV3) bool {
		return concerns(task, proxyID)
	})), nil
}

// concerns is true for a task that is still to change the proxy. What a task
// leaves out counts against it.
func concerns(task model.ScheduledTaskV3, proxyID string) bool {
	ended := slices.Contains([]string{"SUCCESS", "FAIL", "CANCELED"}, value(task.TaskStatus))
	id := value(task.ProxyId)
	return !ended && (id == "" || id == proxyID)
}
