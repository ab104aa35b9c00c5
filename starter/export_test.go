package main

import "github.com/spf13/cobra"

// NewRoot is newRoot, for the tests of what every command has.
func NewRoot() *cobra.Command { return newRoot(&app{}) }
