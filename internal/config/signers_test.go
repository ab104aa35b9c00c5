package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/config"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
)

const aliceLine = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl alice\n"

// signersFile writes an accounts file with the files of a group beside it.
func signersFile(t *testing.T, text string) (path string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	write("leads", "alice@example.com "+aliceLine)
	write("lost", aliceLine)
	write("broken", "alice@example.com force "+aliceLine)
	write("private", "-----BEGIN OPENSSH PRIVATE KEY-----\nPLANTED-SECRET\n-----END OPENSSH PRIVATE KEY-----\n")
	return write("accounts.yaml", text)
}

func TestAnAccountDemandsSignaturesOfAGroup(t *testing.T) {
	t.Parallel()
	c, err := config.Load(signersFile(t, `
aws:
  - {name: prod, region: eu-central-1, approvals: {signers: leads, count: 2, commands: signed}}
  - {name: lab, region: eu-central-1}
  - {name: one, region: eu-central-1, approvals: {signers: leads}}
signers:
  - {name: leads, allowedSigners: leads, revoked: lost}
`), keys())
	require.NoError(t, err)
	require.Len(t, c.Signers, 1)
	require.Equal(t, "leads", c.Signers[0].Name())
	require.Equal(t, signing.Demand{Signers: "leads", Count: 2, Commands: maintenance.CommandsSigned}, c.AWS[0].Approvals)
	require.Empty(t, c.AWS[1].Approvals)
	require.Equal(t, signing.Demand{Signers: "leads", Count: 1}, c.AWS[2].Approvals)
}

func TestASignersFileThatCannotBeUnderstoodIsAFault(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"signers: [{name: leads, allowedSigners: none}]":                                        "signers[0]: read the signers: open ",
		"signers: [{name: leads, allowedSigners: broken}]":                                      `broken:1: has the unknown option "force"`,
		"signers: [{name: leads, allowedSigners: leads, revoked: broken}]":                      "broken:1: has a key that is not base64",
		"signers: [{name: leads, allowedSigners: private}]":                                     "private: it holds a private key: must be public keys",
		"signers: [{name: leads, allowedSigners: leads, revoked: private}]":                     "private: it holds a private key: must be public keys",
		"signers: [{name: leads}]":                                                              "signers[0].allowedSigners: is required: must be an allowed_signers file of OpenSSH",
		"signers: [{name: Leads, allowedSigners: leads}]":                                       "signers[0].name: invalid value",
		"signers: [{name: leads, allowedSigners: leads}, {name: leads, allowedSigners: leads}]": "signers[1].name: invalid value \"leads\": must be unique in signers",
	} {
		_, err := config.Load(signersFile(t, "aws: [{name: prod, region: eu-central-1}]\n"+text), keys())
		require.ErrorContains(t, err, says, text)
		require.NotContains(t, err.Error(), "PLANTED", text)
	}
	for approvals, says := range map[string]string{
		"{signers: others}":                    `aws[0].approvals.signers: invalid value "others": must be the name of a group`,
		"{count: 2}":                           "aws[0].approvals.signers: is required",
		"{signers: leads, count: 0}":           "aws[0].approvals.count: invalid value",
		"{signers: leads, count: 11}":          "aws[0].approvals.count: invalid value",
		"{signers: leads, commands: unsigned}": "aws[0].approvals.commands: invalid value",
	} {
		_, err := config.Load(signersFile(t, "aws: [{name: prod, region: eu-central-1, approvals: "+approvals+
			"}]\nsigners: [{name: leads, allowedSigners: leads}]"), keys())
		require.ErrorContains(t, err, says, approvals)
	}
}

// The example of docs/reference/configuration.md, and its example of a file, are valid.
func TestTheDocumentedSignersAreValid(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "reference", "configuration.md"))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "### Signers")
	require.True(t, found)
	_, rest, found = strings.Cut(rest, "```yaml\n")
	require.True(t, found)
	example, rest, found := strings.Cut(rest, "```")
	require.True(t, found)
	_, rest, found = strings.Cut(rest, "```\n")
	require.True(t, found)
	allowed, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	path := signersFile(t, example)
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), "storage-leads.allowed_signers"), []byte(allowed), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), "revoked_keys"), nil, 0o600))
	c, err := config.Load(path, keys())
	require.NoError(t, err)
	require.Equal(t, signing.Demand{Signers: "storage-leads", Count: 2, Commands: maintenance.CommandsSigned}, c.AWS[0].Approvals)
}
