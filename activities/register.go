package activities

import "go.temporal.io/sdk/worker"

// Providers are what the activities act on.
type Providers struct {
	AWS    AWSAccounts
	Huawei HuaweiAccounts
	Runs   Runs  // Temporal itself; a client has it
	Now    Clock // time.Now outside tests
}

// Register makes every activity known to a worker or a test environment.
func Register(to worker.ActivityRegistry, p Providers) {
	to.RegisterActivity(&StorageGateway{Accounts: p.AWS, Now: p.Now})
	to.RegisterActivity(&TaurusDB{Accounts: p.Huawei, Now: p.Now})
	to.RegisterActivity(&Engine{Runs: p.Runs, Now: p.Now})
}
