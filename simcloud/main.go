// Command simcloud serves the two simulated clouds, AWS Storage Gateway with
// EC2's snapshots and Huawei Cloud's TaurusDB proxies, on one port, for every
// client of the real ones.
//
//	go run ./simcloud --listen 127.0.0.1:4599 --scenario fleet.yaml
package main

import (
	"github.com/tidegate/tidegate/internal/program"
	"github.com/tidegate/tidegate/internal/simcloud/command"
)

func main() { program.Main(command.Run) }
