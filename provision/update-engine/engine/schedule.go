package engine

import (
	"context"
	"log"
	"math/rand"
	"net/http"
	"time"
)

// Flatcar's waits. Machines that were started together must not ask together, so each wait is longer or shorter by chance.
const (
	firstCheck    = 7 * time.Minute
	checkInterval = 45 * time.Minute
	longestWait   = 4 * time.Hour
	fuzz          = 10 * time.Minute
	markGoodAfter = 45 * time.Second
)

// Run marks the boot as good after a while and checks again and again, until the context ends.
func (e *Engine) Run(ctx context.Context) {
	conf := e.config()
	good := time.AfterFunc(orElse(conf.MarkGoodAfter, markGoodAfter), e.MarkGood)
	defer good.Stop()

	wait := between(firstCheck, fuzz)
	if conf.FirstCheck > 0 {
		wait = between(conf.FirstCheck, conf.FirstCheck/4)
	}
	last := checkInterval
	for {
		log.Printf("Next check for an update in %v.", wait.Round(time.Second))
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		done := make(chan struct{})
		e.Begin(ctx, false, func() { close(done) })
		<-done
		wait, last = e.nextWait(last)
	}
}

// nextWait follows, in this order, an overloaded server's wish to be left alone, the interval that a server asks for, the lab, the default.
func (e *Engine) nextWait(last time.Duration) (wait, interval time.Duration) {
	e.mutex.Lock()
	poll, status := e.pollInterval, e.lastHTTP
	e.mutex.Unlock()
	lab := e.config().CheckInterval
	switch {
	case status == http.StatusInternalServerError || status == http.StatusServiceUnavailable:
		interval = last * 2
		if interval > longestWait {
			interval = longestWait
		}
		return between(interval, interval/2), interval
	case poll > 0:
		return between(poll, poll/4), checkInterval
	case lab > 0:
		return between(lab, lab/4), lab
	}
	return between(checkInterval, fuzz), checkInterval
}

func (e *Engine) noteAnswer(status int, poll time.Duration) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.lastHTTP, e.pollInterval = status, poll
}

// between is somewhere in a span around the middle.
func between(middle, span time.Duration) time.Duration {
	if span <= 0 {
		return middle
	}
	return middle - span/2 + time.Duration(rand.Int63n(int64(span)))
}

func orElse(value, otherwise time.Duration) time.Duration {
	if value > 0 {
		return value
	}
	return otherwise
}
