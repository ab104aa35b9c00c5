package report

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/signers"
)

// anyGroup is the name under which --signers FILE is kept: it is for the only group that a report has.
const anyGroup = ""

// groups are those of --signers and --revoked, by name; none: the flags were not given.
type groups map[string]*signers.Group

// of is one group of those of a report.
func (g groups) of(name string, all []string) (*signers.Group, error) {
	if found := g[name]; found != nil {
		return found, nil
	}
	if found := g[anyGroup]; found != nil && len(all) == 1 {
		return found, nil
	}
	return nil, fmt.Errorf("the signers of group %s are not known: give --signers %s=FILE", name, name)
}

// loadSigners reads the files of --signers and --revoked.
func loadSigners(f reportFlags) (groups, error) {
	switch {
	case len(f.signers) == 0 && (len(f.revoked) > 0 || f.offline):
		return nil, errors.New("--revoked and --offline: require --signers FILE")
	case len(f.signers) > 0 && f.verify == "":
		return nil, errors.New("--signers: requires --verify FILE")
	}
	allowed, err := byGroup("--signers", f.signers)
	if err != nil {
		return nil, err
	}
	revoked, err := byGroup("--revoked", f.revoked)
	if err != nil {
		return nil, err
	}
	all := groups{}
	for _, name := range slices.Sorted(maps.Keys(allowed)) {
		if all[name], err = signers.Load("--signers", allowed[name], revoked[name]); err != nil {
			return nil, fmt.Errorf("--signers: %w", err)
		}
		delete(revoked, name)
	}
	for name := range revoked {
		return nil, fmt.Errorf("--revoked %s: there is no --signers of the same group", name)
	}
	return all, nil
}

// byGroup reads the values of a flag, each FILE or GROUP=FILE. One FILE stands for whichever group there is, and so has
// none beside it.
func byGroup(flag string, values []string) (map[string]string, error) {
	files := map[string]string{}
	for _, value := range values {
		name, file, named := strings.Cut(value, "=")
		if !named || !maintenance.ValidGroup(name) {
			name, file = anyGroup, value
		}
		if _, twice := files[name]; twice || file == "" {
			return nil, fmt.Errorf("%s %s: must be one FILE, or GROUP=FILE once for each group", flag, value)
		}
		files[name] = file
	}
	if _, one := files[anyGroup]; one && len(files) > 1 {
		return nil, fmt.Errorf("%s: with several groups each must be named, as GROUP=FILE", flag)
	}
	return files, nil
}
