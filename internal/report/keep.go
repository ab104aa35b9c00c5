package report

// Final is true for the report of a campaign that has ended and left its own record: nothing is added to it any more.
func (d Document) Final() bool { return d.State != StateRunning && d.State != StateNoRecord }

// Lost are the links of an earlier report of a campaign that a later one does not have, or with fewer events: Temporal
// forgets histories after the namespace's retention.
func Lost(earlier, later Document) (lost []Link) {
	events := map[string]int{}
	for _, l := range later.Chain.Links {
		events[l.RunID] = l.Events
	}
	for _, l := range earlier.Chain.Links {
		if events[l.RunID] < l.Events {
			lost = append(lost, l)
		}
	}
	return lost
}
