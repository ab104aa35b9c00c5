// Package webui writes what the Web UI of Temporal shows of a workflow: its current details in Markdown, and
// the search attributes by which it is found. It decides nothing. Start with document.go, which bounds and
// escapes; then the page of your subject.
package webui
