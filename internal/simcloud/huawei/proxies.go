package huawei

import (
	"crypto/sha256"
	"fmt"
)

// listProxies is GET .../proxies.
func (c *Cloud) listProxies(call *call) (*reply, error) {
	i, err := c.instanceOf(call)
	if err != nil {
		return nil, err
	}
	// 10 is the SDK's default; the newest page says 100, so clients must say.
	page, err := paged(call.query, i.proxies, func(n int) bool { return n >= 1 && n <= 100 }, 10)
	if err != nil {
		return nil, err
	}
	list := make([]object, 0, len(page))
	for _, p := range page {
		replicas := make([]object, 0, len(p.ReadWeights))
		for n, weight := range p.ReadWeights {
			replicas = append(replicas, dbNode(i, n+1, weight))
		}
		list = append(list, object{
			"proxy":          proxyObject(p),
			"master_node":    dbNode(i, 0, p.MasterWeight),
			"readonly_nodes": replicas,
			"htap_nodes":     []object{},
		})
	}
	return ok(object{"proxy_list": list}), nil
}

func dbNode(i *instance, number, weight int) object {
	n := i.node(number)
	return object{
		"id": n.id, "instance_id": i.ID, "name": n.name, "status": statusActive, "weight": weight,
		"availability_zone": []object{{"code": "ap-southeast-3a"}},
	}
}

func proxyObject(p *proxy) object {
	nodes := make([]object, 0, p.NodeCount)
	for n := range p.NodeCount {
		role, status := "slave", statusActive
		if n == 0 {
			// An abnormal proxy shows it at its first node.
			role, status = "master", p.Status
		}
		nodes = append(nodes, object{
			"id":   nodeID(p.ID, n) + "no01",
			"name": fmt.Sprintf("%s_node%d", p.Name, n), "role": role, "az_code": "ap-southeast-3a",
			"status": status, "frozen_flag": 0,
		})
	}
	return object{
		"pool_id": p.ID, "name": p.Name, "status": p.shownStatus(), "pool_status": p.Status,
		"address": address(0, p.ID), "port": 3306, "node_num": p.NodeCount, "nodes": nodes,
		"type": "readwrite", "mode": "Cluster", "route_mode": p.RouteMode, "balance_route_mode_enabled": true,
		"subnet_id": namedID(p.instance.ID + "subnet"), "flavor_ref": "gaussdb.proxy.large.x86.2", "vcpus": "2", "ram": "8",
		"delay_threshold_in_seconds": 30, "transaction_split": "OFF", "connection_pool_type": "CLOSED",
		"consistence_mode": "eventual", "new_node_auto_add_status": p.newNodes.status(), "new_node_weight": p.newNodes.weight,
	}
}

// address is a private address in 10.NET.0.0/16, always the same for an id.
func address(net byte, id string) string {
	sum := sha256.Sum256([]byte(id))
	return fmt.Sprintf("10.%d.%d.%d", net, sum[0], sum[1])
}

// showVersion is GET .../taurusproxy/proxy-version.
func (c *Cloud) showVersion(call *call) (*reply, error) {
	p, err := c.proxyOf(call)
	if err != nil {
		return nil, err
	}
	newer := compareVersions(p.CurrentVersion, p.LatestVersion) < 0
	answer := object{
		"current_version": p.CurrentVersion, "latest_version": p.LatestVersion, "can_upgrade": newer,
	}
	if newer {
		answer["risk"] = object{
			"level": 1, "suggest": "A later version fixes known issues.",
			"influence":               "Connections to the proxy are interrupted briefly.",
			"guidance":                "Upgrade the proxy during off-peak hours.",
			"service_impact_duration": "30s", "upgrade_duration": c.durations.Upgrade.String(),
		}
	}
	return ok(answer), nil
}

// showInstance is GET /v3/{project_id}/instances/{instance_id}.
func (c *Cloud) showInstance(call *call) (*reply, error) {
	i, err := c.instanceOf(call)
	if err != nil {
		return nil, err
	}
	nodes := make([]object, 0, i.ReadReplicas+1)
	for n := range i.ReadReplicas + 1 {
		kind := "slave"
		if n == 0 {
			kind = "master"
		}
		at := i.node(n)
		nodes = append(nodes, object{
			"id": at.id, "name": at.name, "type": kind, "status": statusActive, "port": 3306, "az_code": "ap-southeast-3a",
		})
	}
	proxies := make([]object, 0, len(i.proxies))
	for _, p := range i.proxies {
		proxies = append(proxies, object{"pool_id": p.ID, "name": p.Name, "address": address(0, p.ID)})
	}
	return ok(object{"instance": object{
		"id": i.ID, "name": i.Name, "project_id": i.ProjectID, "status": i.Status, "port": "3306", "type": "Cluster",
		"node_count": len(nodes), "nodes": nodes, "proxies": proxies,
		"datastore": object{"type": "gaussdb-mysql", "version": "8.0", "kernel_version": "2.0.63.250300"},
		"az_mode":   "single", "master_az_code": "ap-southeast-3a", "time_zone": "UTC+00:00",
		"private_write_ips": []string{address(1, i.ID)},
	}}), nil
}

// listInstances is GET /v3/{project_id}/instances. Of its filters, none is served.
func (c *Cloud) listInstances(call *call) (*reply, error) {
	for name := range call.query {
		if name != "offset" && name != "limit" {
			return nil, badParameter()
		}
	}
	var mine []*instance
	for _, i := range c.instances {
		if i.ProjectID == call.project {
			mine = append(mine, i)
		}
	}
	page, err := paged(call.query, mine, func(n int) bool { return n >= 1 && n <= 100 }, 100)
	if err != nil {
		return nil, err
	}
	list := make([]object, 0, len(page))
	for _, i := range page {
		list = append(list, object{
			"id": i.ID, "name": i.Name, "status": i.Status, "port": "3306", "type": "Cluster",
			"datastore": object{"type": "gaussdb-mysql", "version": "8.0", "kernel_version": "2.0.63.250300"},
			"time_zone": "UTC+00:00", "private_ips": []string{address(1, i.ID)},
		})
	}
	return ok(object{"instances": list, "total_count": len(mine)}), nil
}
