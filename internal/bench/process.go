package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tidegate/tidegate/internal/bounded"
)

const (
	sampleEvery = 100 * time.Millisecond
	// ticks is how many of /proc's units of CPU time are a second, on every Linux.
	ticks = 100
	// logTail is how much of its log a process that failed is quoted with, in bytes.
	logTail = 1000
	// mostLog is how much of a log, or of a file of /proc, is read, in bytes.
	mostLog = 64 << 20
)

// usage is what a process has used so far. All is zero on systems without /proc.
type usage struct {
	residentMB, peakMB, cpu float64
}

// process is a program that is measured while it runs.
type process struct {
	name  string
	log   string // its file
	ended chan struct{}
	kill  func()

	mu   sync.Mutex
	used usage
	err  error // how it ended
}

// start starts a program with a standard input. It is killed when ctx ends.
func start(
	ctx context.Context, folder, name string, env []string, stdin []byte, program string, args ...string,
) (*process, error) {
	ctx, kill := context.WithCancel(ctx)
	p := &process{name: name, log: filepath.Join(folder, name+".log"), ended: make(chan struct{}), kill: kill}
	log, err := os.Create(p.log)
	if err != nil {
		kill()
		return nil, fmt.Errorf("keep the log of the %s: %w", name, err)
	}
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // it is built, or this very program
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, bytes.NewReader(stdin), log, log
	if err := cmd.Start(); err != nil {
		kill()
		_ = log.Close() // nothing is in it
		return nil, fmt.Errorf("start the %s: %w", name, err)
	}
	go p.sample(cmd.Process.Pid)
	go func() {
		defer close(p.ended)
		err := cmd.Wait()
		_ = log.Close() // it has been written
		p.mu.Lock()
		defer p.mu.Unlock()
		p.err = err
	}()
	return p, nil
}

// sample reads what the process uses until it ends.
func (p *process) sample(pid int) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		if now, ok := used(pid); ok {
			p.mu.Lock()
			p.used = now
			p.mu.Unlock()
		}
		select {
		case <-tick.C:
		case <-p.ended:
			return
		}
	}
}

func (p *process) usage() usage {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.used
}

// stop ends the process and waits for it.
func (p *process) stop() {
	p.kill()
	<-p.ended
}

// finish waits until the process has ended by itself.
func (p *process) finish() error {
	<-p.ended
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		return nil
	}
	return fmt.Errorf("the %s: %w\n%s", p.name, p.err, p.tail())
}

// tail is the end of the log.
func (p *process) tail() string {
	text, err := bounded.ReadFile(p.log, mostLog)
	if err != nil {
		return ""
	}
	return string(text[max(0, len(text)-logTail):])
}

// says waits until the log has a line that starts with a word, and gives the word after it.
func (p *process) says(ctx context.Context, first string) (string, error) {
	for {
		text, _ := bounded.ReadFile(p.log, mostLog) // a log that cannot be read says nothing
		for line := range strings.Lines(string(text)) {
			if words := strings.Fields(line); len(words) > 1 && words[0] == first {
				return words[1], nil
			}
		}
		select {
		case <-p.ended:
			return "", errors.Join(fmt.Errorf("the %s ended at its start", p.name), p.finish())
		default:
		}
		if err := sleep(ctx, sampleEvery); err != nil {
			return "", err
		}
	}
}

// used reads /proc; false where it tells nothing.
func used(pid int) (u usage, ok bool) {
	folder := filepath.Join("/proc", strconv.Itoa(pid))
	status, err := bounded.ReadFile(filepath.Join(folder, "status"), mostLog)
	if err != nil {
		return u, false
	}
	for line := range strings.Lines(string(status)) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		kB, _ := strconv.ParseFloat(words[1], 64) // those that matter are numbers
		switch words[0] {
		case "VmHWM:":
			u.peakMB = kB / 1000
		case "VmRSS:":
			u.residentMB = kB / 1000
		}
	}
	stat, err := bounded.ReadFile(filepath.Join(folder, "stat"), mostLog)
	if err != nil {
		return u, false
	}
	// The command's name, in parentheses, may have spaces; user and system time are the 12th
	// and the 13th word after it.
	words := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	for _, word := range words[min(11, len(words)):min(13, len(words))] {
		n, _ := strconv.ParseFloat(word, 64) // as above
		u.cpu += n / ticks
	}
	return u, u.peakMB > 0 // an ended process has no memory
}
