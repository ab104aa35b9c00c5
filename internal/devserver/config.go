package devserver

import (
	"fmt"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

const (
	clusterName = "active"
	storeName   = "sqlite"
	disabled    = "disabled"
)

// newTemporal puts the four services of Temporal into this process.
func newTemporal(opts Options, ports *ports, sql *config.SQL) (temporal.Server, error) {
	hosts := make(map[primitives.ServiceName]static.Hosts, len(ports.services))
	for service, port := range ports.services {
		hosts[service] = static.SingleLocalHost(ports.address(port))
	}
	server, err := temporal.NewServer(
		temporal.WithConfig(serverConfig(ports, sql)),
		temporal.ForServices(temporal.DefaultServices),
		// The services know each other beforehand: no gossip, no further ports,
		// and a start in half a second.
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(serverLog{opts.Logger}),
		temporal.WithDynamicConfigClient(dynamicConfig(opts.Retention)),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("configure the embedded Temporal server: %w", err)
	}
	return server, nil
}

// serverConfig has no metrics and no profiler, hence no listeners but the four
// services' own.
func serverConfig(ports *ports, sql *config.SQL) *config.Config {
	conf := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     storeName,
			VisibilityStore:  storeName,
			NumHistoryShards: 1, // SQLite has one writer: more shards would only wait for it.
			DataStores:       map[string]config.DataStore{storeName: {SQL: sql}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{clusterName: {
				Enabled:                true,
				InitialFailoverVersion: 1,
				RPCAddress:             ports.frontend(),
			}},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		PublicClient:        config.PublicClient{HostPort: ports.frontend()},
		Services:            make(map[string]config.Service, len(ports.services)),
	}
	conf.Global.Membership = config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: ports.host}
	conf.Archival.History.State = disabled
	conf.Archival.Visibility.State = disabled
	conf.NamespaceDefaults.Archival.History.State = disabled
	conf.NamespaceDefaults.Archival.Visibility.State = disabled
	for service, port := range ports.services {
		conf.Services[string(service)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: ports.host}}
	}
	return conf
}

// dynamicConfig departs from the server's defaults where one process on one
// machine wants it otherwise. Worker deployments, updates and update-with-start
// are on by default in this version of the server.
func dynamicConfig(retention time.Duration) dynamicconfig.StaticClient {
	config := dynamicconfig.StaticClient{
		// The server would otherwise report its version to version.temporal.io.
		dynamicconfig.EnableServerVersionCheck.Key(): false,
		// The default is sized for a cluster; the Temporal CLI's dev server takes this one too.
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key(): 8096,
		// The Web UI and `tidegate watch` list often; the default of 10 a second is soon used up.
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
		// One partition: nothing is gained by spreading a queue over one process, and
		// a queue's rate limit, which is divided by the partitions, holds exactly.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
	}
	if retention != 0 {
		// A run is forgotten up to half an hour later than the retention says, so that not all are at once.
		config[dynamicconfig.RetentionTimerJitterDuration.Key()] = retention / 10
	}
	return config
}
