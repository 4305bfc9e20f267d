package main

import (
	"path/filepath"
	"testing"
	"time"
)

// A clock that is set, a group of machines and a version for them.
type lab struct {
	*Server
	t     *testing.T
	clock time.Time
	group *Group
	pack  *Package
}

func newLab(t *testing.T) *lab {
	s, err := Open(filepath.Join(t.TempDir(), "state.json"))
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{Server: s, t: t, clock: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}
	s.now = func() time.Time { return l.clock }
	l.pack = &Package{ID: "p", Version: "1.1.0", Action: &Action{}, Arch: 1}
	l.group = &Group{ID: "g", Name: "lab", Track: "lab", Enabled: true, MaxPerPeriod: 1, Period: "15 minutes", UpdateTimeout: "60 minutes", Timezone: "UTC",
		Channel: &Channel{ID: "c", Package: l.pack, Arch: 1}}
	s.Groups = []*Group{l.group}
	return l
}

func (l *lab) ask(id string) string {
	l.t.Helper()
	i := l.instance(id)
	if i == nil {
		i = l.register(id, id, "", "1.0.0", l.group)
	}
	p, err := l.offer(i, l.group)
	switch {
	case err != nil:
		return err.Error()
	case p == nil:
		return "nothing"
	}
	return p.Version
}

func (l *lab) tell(id string, kind, result int, previous string) {
	l.event(l.instance(id), l.group, kind, result, previous, "10")
}

func (l *lab) expect(what, got, want string) {
	l.t.Helper()
	if got != want {
		l.t.Errorf("%s: %q instead of %q", what, got, want)
	}
}

func TestOneInAPeriod(t *testing.T) {
	l := newLab(t)
	l.expect("first", l.ask("a"), "1.1.0")
	l.expect("asked again before it began", l.ask("a"), "1.1.0")
	l.expect("second", l.ask("b"), "error-maxUpdatesPerPeriodLimitReached")
	l.tell("a", 13, 1, "")
	l.expect("in the middle of it", l.ask("a"), "error-updateInProgressOnInstance")
	l.clock = l.clock.Add(16 * time.Minute)
	l.expect("another period, the first still at it", l.ask("b"), "error-maxConcurrentUpdatesLimitReached")
	l.tell("a", 3, 2, "1.0.0")
	l.expect("the first is through", l.ask("b"), "1.1.0")
	l.expect("nothing newer for the first", l.ask("a"), "nothing")
}

func TestSafeMode(t *testing.T) {
	l := newLab(t)
	l.group.SafeMode, l.group.MaxPerPeriod = true, 10
	l.expect("the first", l.ask("a"), "1.1.0")
	l.expect("alone", l.ask("b"), "error-maxUpdatesPerPeriodLimitReached")
	l.tell("a", 3, 2, "1.0.0")
	l.expect("it is through: all", l.ask("b"), "1.1.0")
	l.expect("at once", l.ask("c"), "1.1.0")

	// The first of a version never comes back: the group is paused.
	l = newLab(t)
	l.group.SafeMode, l.group.MaxPerPeriod = true, 10
	l.ask("a")
	l.tell("a", 13, 1, "")
	l.clock = l.clock.Add(2 * time.Hour)
	l.expect("lost", l.ask("b"), "error-maxTimedOutUpdatesLimitReached")
	l.expect("and after", l.ask("c"), "error-updatesDisabled")
}

func TestPause(t *testing.T) {
	l := newLab(t)
	l.group.Enabled = false
	l.expect("paused", l.ask("a"), "error-updatesDisabled")
	l.group.Enabled, l.group.OfficeHours = true, true
	l.expect("Wednesday noon", l.ask("a"), "1.1.0")
	l.clock = l.clock.Add(8 * time.Hour)
	l.expect("Wednesday evening", l.ask("b"), "error-updatesDisabled")
	l.clock = l.clock.Add(72*time.Hour - 8*time.Hour)
	l.expect("Saturday noon", l.ask("b"), "error-updatesDisabled")
}

func TestRolloutBeginsAndEnds(t *testing.T) {
	l := newLab(t)
	l.group.MaxPerPeriod = 2
	l.ask("a")
	l.ask("b")
	l.tell("a", 13, 1, "")
	l.tell("a", 3, 2, "1.0.0")
	if !l.group.Rollout {
		t.Error("over before the last machine")
	}
	l.tell("b", 3, 0, "")
	l.ask("b")
	l.clock = l.clock.Add(16 * time.Minute)
	l.expect("again", l.ask("b"), "1.1.0")
	l.tell("b", 3, 2, "1.0.0")
	if l.group.Rollout {
		t.Error("not over after the last machine")
	}
	classes := []int{}
	for _, each := range l.Activities {
		classes = append(classes, each.Class)
	}
	if len(classes) != 3 || classes[0] != rolloutStarted || classes[1] != instanceFailed || classes[2] != rolloutFinished {
		t.Error(classes)
	}
}

func TestEventsOutOfPlaceCountForNothing(t *testing.T) {
	l := newLab(t)
	l.register("a", "", "", "1.0.0", l.group)
	l.tell("a", 3, 2, "1.0.0")
	l.tell("a", 3, 0, "")
	if state(l.instance("a")) != undefined || len(l.Histories["a"]) != 0 {
		t.Error("an event of no update was taken")
	}
	l.ask("a")
	l.tell("a", 3, 2, "0.0.0.0")
	l.expect("it began anew, and may ask", l.ask("a"), "error-maxUpdatesPerPeriodLimitReached")
}

func TestIsTheSameAfterARestart(t *testing.T) {
	l := newLab(t)
	l.ask("a")
	if err := l.save(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(l.file)
	if err != nil || len(again.Instances) != 1 || state(again.Instances[0]) != granted || again.Groups[0].Track != "lab" || len(again.Histories["a"]) != 1 {
		t.Errorf("%+v %v", again, err)
	}
}

func TestVersions(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{{"1.0.0", "1.1.0", true}, {"1.9.0", "1.10.0", true}, {"1.1.0", "1.1.0", false}, {"2.0.0", "1.9.9", false}, {"x", "1.0.0", false}} {
		if older(c.a, c.b) != c.want {
			t.Error(c)
		}
	}
}
