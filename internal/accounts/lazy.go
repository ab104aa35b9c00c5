package accounts

import "sync"

// lazy opens a value when it is first asked for. sync.OnceValues would keep a
// failure, such as a configuration file that was just being replaced.
type lazy[T any] struct {
	open func() (T, error)

	mu     sync.Mutex
	opened bool
	value  T
}

func (l *lazy[T]) get() (T, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.opened {
		return l.value, nil
	}
	value, err := l.open()
	if err != nil {
		var none T
		return none, err
	}
	l.value, l.opened = value, true
	return value, nil
}
