package main

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// known are the words by which a permissive licence is known, its spaces made single; all of them must be in a text.
func known() map[string][]string {
	return map[string][]string{
		"Apache-2.0": {"Apache License", "Version 2.0, January 2004"},
		"MIT":        {"Permission is hereby granted, free of charge, to any person obtaining a copy"},
		"ISC":        {"with or without fee is hereby granted, provided that the above copyright notice"},
		"BSD":        {"Redistribution and use in source and binary forms, with or without modification, are permitted"},
	}
}

// forbidden are the words of licences that ask more of who hands a program out than we give.
func forbidden() []string {
	return []string{
		"GNU GENERAL PUBLIC LICENSE", "GNU LESSER GENERAL PUBLIC LICENSE", "GNU AFFERO", "Server Side Public License",
		"Business Source License", "Commons Clause", "Elastic License", "All advertising materials mentioning",
	}
}

// unlicensed are modules without a licence's text, which a person has looked at, and why they are linked all the same.
func unlicensed() map[string]string {
	return map[string]string{
		"github.com/nexus-rpc/nexus-proto-annotations": "none stated; annotations of Temporal's own project, linked by go.temporal.io/api",
	}
}

// recognise names the licences in a text; none, if it is not known to allow that a program is handed out.
func recognise(text string) (ids []string) {
	text = strings.Join(strings.Fields(text), " ")
	for _, words := range forbidden() {
		if strings.Contains(strings.ToLower(text), strings.ToLower(words)) {
			return nil
		}
	}
	for id, words := range known() {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			ids = append(ids, id)
		}
	}
	for i, id := range ids {
		if id == "BSD" {
			ids[i] = clauses(text)
		}
	}
	return ids
}

// clauses tells the two forms of the BSD licence apart.
func clauses(text string) string {
	if strings.Contains(text, "endorse or promote") {
		return "BSD-3-Clause"
	}
	return "BSD-2-Clause"
}

// isLicence is the name of a file that gives a licence; other legal files only have to be handed on.
var isLicence = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)`)

// judge names a part's licences. A file that is called a licence must be known.
func (p *part) judge() error {
	found := map[string]bool{}
	for name, text := range p.texts {
		ids := recognise(text)
		if len(ids) == 0 && isLicence.MatchString(path.Base(name)) {
			return fmt.Errorf("%s %s: its %s is no licence that is known to be permissive: read it, and add it to licence.go or replace the module",
				p.name, p.version, name)
		}
		for _, id := range ids {
			found[id] = true
		}
	}
	p.licences = slices.Sorted(maps.Keys(found))
	if len(found) > 0 {
		return nil
	}
	reason, ok := unlicensed()[p.name]
	if !ok {
		return fmt.Errorf("%s %s has no licence: ask its authors, or replace the module", p.name, p.version)
	}
	p.licences = []string{reason}
	return nil
}
