// Package waiting is for test packages whose tests spend their time waiting for servers
// and simulated clouds, in real time. Call SideBySide from their TestMain. Tests of
// computations do not need it: Go runs as many of those at once as there are processors.
package waiting

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// atOnce is how many waiting tests two processors bear without any of them missing a
// deadline of its own.
const atOnce = "6"

// SideBySide lets a package's parallel tests wait side by side, more of them at once than
// there are processors. What -parallel says on the command line stands. A test binary that
// testscript runs under a command's name is left alone: its arguments are the command's.
func SideBySide() {
	if name := filepath.Base(os.Args[0]); !strings.HasSuffix(strings.TrimSuffix(name, ".exe"), ".test") {
		return
	}
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		if err := flag.Set(parallel.Name, atOnce); err != nil {
			panic(fmt.Sprintf("set -parallel: %v", err)) //nolint:forbidigo // a test's main has nobody to return it to
		}
	}
}
