package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEverythingThatIsLinkedMayBeHandedOut(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "new", "licences.txt")
	require.Zero(t, run(t.Context(), []string{file}, t.Output(), t.Output()))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	list, texts, _ := strings.Cut(string(text), strings.Repeat("=", 80))
	for name, says := range map[string]string{
		"what a program imports itself":    "go.temporal.io/sdk v",
		"what only Windows has":            "github.com/mattn/go-colorable v",
		"what its module took from others": "github.com/stretchr/testify v1.12.1: BSD-3-Clause, ISC, MIT",
		"the toolchain":                    "Go and its standard library go1.",
		"what states no licence":           "github.com/nexus-rpc/nexus-proto-annotations v0.1.0: none stated",
	} {
		require.Contains(t, list, says, name)
	}
	require.NotContains(t, list, "go.temporal.io/server", "the dev server is not handed out")
	require.Contains(t, texts, "internal/spew/LICENSE")
	require.Contains(t, texts, "NOTICE", "Apache-2.0 asks that notices are handed on")
}

func TestWhatIsNotKnownToBePermissiveIsRefused(t *testing.T) {
	t.Parallel()
	const mit = "Permission is hereby granted, free of charge, to any\n  person obtaining a copy"
	for name, c := range map[string]struct {
		texts map[string]string
		says  string // in the error; none: it is allowed
	}{
		"MIT, whatever its line breaks":        {map[string]string{"LICENSE": mit}, ""},
		"a notice next to a licence":           {map[string]string{"LICENSE": mit, "NOTICE": "made by us"}, ""},
		"no file":                              {nil, "has no licence"},
		"a notice alone":                       {map[string]string{"NOTICE": "made by us"}, "has no licence"},
		"words of one's own":                   {map[string]string{"LICENSE": "ask us"}, "its LICENSE is no licence"},
		"one that asks for the source":         {map[string]string{"COPYING": "GNU General Public License, version 2"}, "its COPYING is no"},
		"MIT with a clause that takes it back": {map[string]string{"LICENSE": mit + " Commons Clause"}, "its LICENSE is no licence"},
		"somebody else's in a folder":          {map[string]string{"LICENSE": mit, "third/LICENSE.txt": "ask them"}, "its third/LICENSE.txt is no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := part{name: "example.org/m", version: "v1.0.0", texts: c.texts}
			err := p.judge()
			if c.says == "" {
				require.NoError(t, err)
				require.Equal(t, []string{"MIT"}, p.licences)
				return
			}
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "example.org/m v1.0.0")
		})
	}
}
