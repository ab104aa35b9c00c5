package devserver

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"go.temporal.io/server/common/config"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/tidegate/tidegate/internal/namespace"
)

// openDatabase makes the schema and the namespace, straight in the database: a
// namespace that is there before the server starts need not be waited for.
func openDatabase(opts Options) (*config.SQL, error) {
	sql, err := sqlConfig(opts.DBFile)
	if err != nil {
		return nil, err
	}
	ns, err := sqlite.NewNamespaceConfig(clusterName, opts.Namespace, false, opts.SearchAttributes)
	if err != nil {
		return nil, fmt.Errorf("namespace %q: %w", opts.Namespace, err)
	}
	ns.Detail.Config.Retention = durationpb.New(namespace.DefaultRetention)
	if err := sqlite.CreateNamespaces(sql, ns); err != nil {
		return nil, fmt.Errorf("open database %s: is it a file of this program, and complete? "+
			"If its first start was cut off, delete it: %w", describe(opts.DBFile), err)
	}
	return sql, nil
}

func describe(file string) string {
	if file == "" {
		return "in memory"
	}
	return file
}

func sqlConfig(file string) (*config.SQL, error) {
	sql := &config.SQL{PluginName: sqliteplugin.PluginName}
	if file == "" {
		// The name keeps the databases of several servers in one process apart.
		sql.DatabaseName = rand.Text()
		sql.ConnectAttributes = map[string]string{"mode": "memory", "cache": "shared"}
		return sql, nil
	}
	absolute, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("database file %q: %w", file, err)
	}
	// The name becomes part of a URI, where a space or a % would mean something else.
	sql.DatabaseName = (&url.URL{Path: absolute}).EscapedPath()
	// With a write-ahead log, readers such as a backup do not stop the server; FULL
	// makes every answer that was given survive a power cut.
	sql.ConnectAttributes = map[string]string{"mode": "rwc", "journal_mode": "WAL", "synchronous": "FULL"}
	switch _, err := os.Stat(absolute); {
	case err == nil:
		return sql, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("database file %s: %w", file, err)
	}
	if err := sqlite.SetupSchema(sql); err != nil {
		return nil, fmt.Errorf("create database file %s: %w", file, err)
	}
	return sql, nil
}
