package huaweicloud

import "github.com/tidegate/tidegate/internal/maintenance"

// unknownTotal is the total of a list that does not give one.
const unknownTotal = -1

// discover reads a list to its end, each entry once: entries move between pages
// when something is added meanwhile. A list that ends before its own total is
// an error, because to miss a job may mean to start it twice.
func discover[T any](
	op *operation, limit int, id func(T) string, page func(offset int32) (entries []T, total int, err error),
) ([]T, error) {
	var all []T
	seen := map[string]bool{}
	for offset := 0; ; {
		entries, total, err := page(int32(offset))
		if err != nil {
			return nil, err
		}
		before := len(all)
		for _, entry := range entries {
			if !seen[id(entry)] {
				seen[id(entry)] = true
				all = append(all, entry)
			}
		}
		offset += len(entries)
		switch {
		case total == unknownTotal && len(entries) < limit, total != unknownTotal && len(all) >= total:
			return all, nil
		case len(all) == before && total == unknownTotal:
			return all, nil
		case len(all) == before:
			return nil, op.fail(maintenance.ErrUnavailable, "the list has ended after %d of %d entries", len(all), total)
		}
	}
}
