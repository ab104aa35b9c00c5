// Command tidegate-worker runs Tidegate's workflows and activities: it polls a Temporal
// task queue, and acts in the cloud accounts of its accounts file. Any number
// of workers may share a task queue, and each may be killed at any moment. All of it is in
// internal/workers.
package main

import (
	"github.com/tidegate/tidegate/internal/program"
	"github.com/tidegate/tidegate/internal/workers"
)

func main() { program.Main(workers.Run) }
