//go:build tools

// Package tools names what this module is for: it pins locksmith and all it is made of, so that `go mod tidy` keeps go.sum whole.
package tools

import _ "github.com/flatcar-linux/locksmith/locksmithctl"
