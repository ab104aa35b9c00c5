package ics_test

import (
	"testing"

	"github.com/tidegate/tidegate/test/fuzztest"
)

func TestMain(m *testing.M) {
	fuzztest.Quicken()
	m.Run()
}
