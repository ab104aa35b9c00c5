package planfile

// NewDocument is the form of a plan file with its defaults, for the schema.
func NewDocument() any { return bind(defaults()) }

// Place is where a field of a policy stands in a plan file.
func Place(field string) string { return places(field) }
