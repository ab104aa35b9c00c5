// Package api is what the workflows share with all that start, query or instruct them: the names of
// workflow types, signals, queries and updates, workflow ids, their inputs and answers, and which operator
// actions a status allows. It holds no workflow code and reaches no part of Temporal, so that what prints or
// draws may use it. Start with names.go.
package api
