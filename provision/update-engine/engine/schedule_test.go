package engine

import (
	"context"
	"net/http"
	"testing"
	"time"

	"coreos-lab/update-engine/slots"
)

func TestWaits(t *testing.T) {
	m := newMachine(t, 1000)
	e := m.engine()
	within := func(what string, from, to time.Duration) {
		t.Helper()
		for i := 0; i < 200; i++ {
			if wait, _ := e.nextWait(checkInterval); wait < from || wait > to {
				t.Fatalf("%s: %v", what, wait)
			}
		}
	}
	within("default", 40*time.Minute, 50*time.Minute)
	e.noteAnswer(200, 10*time.Minute)
	within("the server's wish", 8*time.Minute, 12*time.Minute)
	e.noteAnswer(503, 0)
	within("overloaded", 67*time.Minute, 113*time.Minute)
	last := checkInterval
	for i := 0; i < 10; i++ {
		_, last = e.nextWait(last)
	}
	equal(t, "at most", last, 4*time.Hour)
	e.noteAnswer(200, 0)
	m.file("etc/flatcar/update.conf", "LAB_CHECK_INTERVAL=20s\n")
	within("the lab's wish", 17*time.Second, 23*time.Second)
}

func TestRunMarksTheBootAndChecks(t *testing.T) {
	m := newMachine(t, 1<<20)
	m.set(slots.USRA, "-T", "0", "-S", "0")
	m.answer = func(w http.ResponseWriter, r request) bool { return r.App.UpdateCheck != nil && noUpdate(w, r) }
	m.file("etc/flatcar/update.conf", "SERVER="+m.server.URL+"/v1/update/\nLAB_FIRST_CHECK=400ms\nLAB_CHECK_INTERVAL=50ms\nLAB_MARK_GOOD_AFTER=50ms\n")
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	e := m.engine()
	go func() { e.Run(ctx); close(done) }()
	time.Sleep(300 * time.Millisecond)
	equal(t, "marked before anything is asked", m.attributes(slots.USRA), "priority=2 tries=0 successful=1")
	equal(t, "not yet asked", len(m.stories()), 0)
	for deadline := time.Now().Add(10 * time.Second); len(m.stories()) < 3 && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	<-done
	if stories := m.stories(); len(stories) < 3 || stories[0] != `check 3.2 after "0.0.0.0"` || stories[1] != `check 3.2 after ""` {
		t.Error(stories)
	}
	equal(t, "source", m.requests[0].InstallSource, "scheduler")
}
