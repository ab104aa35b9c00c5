package activities

import "go.temporal.io/sdk/worker"

// Register makes every activity known to a worker or a test environment.
func Register(to worker.ActivityRegistry, gateways *StorageGateway, proxies *TaurusDB) {
	to.RegisterActivity(gateways)
	to.RegisterActivity(proxies)
}
