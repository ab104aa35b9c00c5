package devserver

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/resolver"
	"go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/tidegate/tidegate/internal/namespace"
)

// openDatabase makes the schema and the namespace, straight in the database: a
// namespace that is there before the server starts need not be waited for.
func openDatabase(opts Options) (*config.SQL, error) {
	store, err := sqlConfig(opts.DBFile)
	if err != nil {
		return nil, err
	}
	ns, err := sqlite.NewNamespaceConfig(clusterName, opts.Namespace, false, opts.SearchAttributes)
	if err != nil {
		return nil, fmt.Errorf("namespace %q: %w", opts.Namespace, err)
	}
	ns.Detail.Config.Retention = durationpb.New(cmp.Or(opts.Retention, namespace.DefaultRetention))
	if err := sqlite.CreateNamespaces(store, ns); err != nil {
		return nil, fmt.Errorf("open database %s: is it a file of this program, and complete? "+
			"If its first start was cut off, delete it: %w", describe(opts.DBFile), err)
	}
	return store, nil
}

// checkpoint moves what the write-ahead log holds into the file, so that after
// a clean stop the file alone is the database. After a kill it is the file and
// its -wal; the next start reads both.
func checkpoint(store *config.SQL) error {
	if store.ConnectAttributes["mode"] == "memory" {
		return nil
	}
	db, err := sql.NewSQLAdminDB(
		sqlplugin.DbKindUnknown, store, resolver.NewNoopResolver(), log.NewNoopLogger(), metrics.NoopMetricsHandler)
	if err != nil {
		return fmt.Errorf("open the database for its last checkpoint: %w", err)
	}
	return errors.Join(db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"), db.Close())
}

func describe(file string) string {
	if file == "" {
		return "in memory"
	}
	return file
}

func sqlConfig(file string) (*config.SQL, error) {
	store := &config.SQL{PluginName: sqliteplugin.PluginName}
	if file == "" {
		// The name keeps the databases of several servers in one process apart.
		store.DatabaseName = rand.Text()
		store.ConnectAttributes = map[string]string{"mode": "memory", "cache": "shared"}
		return store, nil
	}
	absolute, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("database file %q: %w", file, err)
	}
	// The name becomes part of a URI, where a space or a % would mean something else.
	store.DatabaseName = (&url.URL{Path: absolute}).EscapedPath()
	// With a write-ahead log, readers such as a backup do not stop the server; FULL
	// makes every answer that was given survive a power cut.
	store.ConnectAttributes = map[string]string{"mode": "rwc", "journal_mode": "WAL", "synchronous": "FULL"}
	switch _, err := os.Stat(absolute); {
	case err == nil:
		return store, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("database file %s: %w", file, err)
	}
	if err := sqlite.SetupSchema(store); err != nil {
		return nil, fmt.Errorf("create database file %s: %w", file, err)
	}
	return store, nil
}
