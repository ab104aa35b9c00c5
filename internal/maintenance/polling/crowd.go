package polling

import "time"

// shareOfRate is the part of an account's rate that polls may take: the rest is for what changes something.
const shareOfRate = 0.5

// Crowd are the polls of one account that are in progress, by any id of theirs.
type Crowd map[string]poller

// poller is a change that is polled: after which wait it would be, and until when it counts.
type poller struct {
	wait  time.Duration
	until time.Time
}

// Interval notes that a poll is to be repeated after wait, and gives a longer wait where all polls together would take
// more than half of the account's rate (calls a second; 0: no limit). One that waits for longer anyway counts for less.
func (c Crowd) Interval(id string, wait time.Duration, perSecond float64, now time.Time) time.Duration {
	delete(c, id)
	polls := 1.0
	for other, p := range c {
		if p.until.Before(now) {
			delete(c, other)
			continue
		}
		polls += min(1, float64(wait)/float64(p.wait))
	}
	longer := wait
	if perSecond > 0 {
		longer = max(wait, time.Duration(polls/(shareOfRate*perSecond)*float64(time.Second)))
	}
	c[id] = poller{max(wait, 1), now.Add(2 * longer)} // it may stay in the queue for as long again
	return longer
}
