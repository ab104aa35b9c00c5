package maintenance

import "time"

// NextLook is how long to wait before looking again at something that has been
// waited for since elapsed: a tenth of it, within the pace, spread by jitter
// (0 to 1) over four fifths to six fifths, so that a thousand gateways that
// were triggered together are not asked together.
func (p Pace) NextLook(elapsed time.Duration, jitter float64) time.Duration {
	wait := min(max(elapsed/10, p.Min.Std()), p.Max.Std())
	return time.Duration(float64(wait) * (0.8 + 0.4*jitter))
}
