package live

import (
	"image/color"

	"charm.land/bubbles/v2/progress"
	"charm.land/lipgloss/v2"
)

// theme is how the view is coloured. What a colour means stands there in words too:
// terminals without colours get the same text.
type theme struct {
	plain, bold, faint, good, bad, warn, info lipgloss.Style
	full, empty                               color.Color
}

// newTheme is the poll on a dark or a light background.
func newTheme(dark bool) theme {
	pick := lipgloss.LightDark(dark)
	of := func(light, dark string) lipgloss.Style {
		return lipgloss.NewStyle().Foreground(pick(lipgloss.Color(light), lipgloss.Color(dark)))
	}
	return theme{
		plain: lipgloss.NewStyle(),
		bold:  lipgloss.NewStyle().Bold(true),
		faint: of("#5f6368", "#9aa0a6"),
		good:  of("#1a7f37", "#56d364"),
		bad:   of("#c01c28", "#ff7b72").Bold(true),
		warn:  of("#8a5a00", "#e3b341").Bold(true),
		info:  of("#0b57d0", "#79c0ff"),
		full:  pick(lipgloss.Color("#1a7f37"), lipgloss.Color("#3fb950")),
		empty: pick(lipgloss.Color("#b0b4ba"), lipgloss.Color("#484f58")),
	}
}

// bar is how much of a total is done.
func (t theme) bar(width, done, total int) string {
	part := 0.0
	if total > 0 {
		part = float64(done) / float64(total)
	}
	p := progress.New(progress.WithoutPercentage(), progress.WithWidth(width),
		progress.WithFillCharacters('█', '░'), progress.WithColors(t.full))
	p.EmptyColor = t.empty
	return p.ViewAs(part)
}
