package printer

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Interactive is true where both what is typed and what is shown is a terminal's,
// and its cursor can be moved.
func Interactive(in io.Reader, out io.Writer) bool {
	file, typed := in.(*os.File)
	return typed && term.IsTerminal(int(file.Fd())) && Moves(out)
}

// Moves is true for a terminal whose cursor can be moved: one that is dumb cannot go
// back in a line.
func Moves(out io.Writer) bool {
	file, shown := fileOf(out)
	return shown && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd()))
}
