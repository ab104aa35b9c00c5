// Package config reads the worker's accounts file: which cloud accounts plans
// may name, and how each is reached. The file holds no credential. Those come
// from the AWS SDK's default chain, and for Huawei Cloud from environment
// variables. docs/configuration.md describes the file for its writers.
package config

import (
	"fmt"
	"os"

	"github.com/tidegate/tidegate/internal/accounts"
)

// Config is a valid accounts file, with Huawei Cloud's credentials found.
type Config struct {
	AWS    []accounts.AWS
	Huawei []accounts.Huawei
}

// Load reads an accounts file. getenv, such as os.Getenv, is where credentials
// for Huawei Cloud are looked for. Its error is one line for every fault, in
// the order of the file, each with line, column, field and what would be right.
func Load(path string, getenv func(string) string) (Config, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return Config{}, fmt.Errorf("read the accounts file: %w", err)
	}
	return Parse(path, text, getenv)
}

// Parse is Load for a text; name stands for the file in errors.
func Parse(name string, text []byte, getenv func(string) string) (Config, error) {
	r := &reader{file: name}
	root, err := r.document(text)
	if err != nil {
		return Config{}, err
	}
	sections, _ := r.mapping(root, "", "aws", "huawei")
	var c Config
	aws := r.list(sections, "aws")
	for i, node := range aws {
		c.AWS = append(c.AWS, r.aws(node, fmt.Sprintf("aws[%d]", i)))
	}
	huawei := r.list(sections, "huawei")
	for i, node := range huawei {
		c.Huawei = append(c.Huawei, r.huawei(node, fmt.Sprintf("huawei[%d]", i), getenv))
	}
	if len(r.faults) == 0 && len(aws)+len(huawei) == 0 {
		r.fault(root, "no account: want at least one under aws or huawei")
	}
	if err := r.err(); err != nil {
		return Config{}, err
	}
	return c, nil
}
