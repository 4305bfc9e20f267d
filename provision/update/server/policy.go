package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// States of a machine, in Nebraska's numbers.
const (
	undefined = iota + 1
	granted
	failed
	complete
	installed
	downloaded
	downloading
	onHold
)

// What people should notice, and how much.
const (
	rolloutStarted  = 2
	rolloutFinished = 3
	instanceFailed  = 5

	success = 1
	info    = 2
	problem = 4
)

// refusal is why a machine gets no update now: the status of its application in the answer.
type refusal string

func (r refusal) Error() string { return string(r) }

// offer decides what a machine gets that asks: a package, nothing, or a refusal. The first question is what the machine is doing, the next
// whether there is something newer, and only then come the policy's.
func (s *Server) offer(i *Instance, g *Group) (*Package, error) {
	switch state(i) {
	case downloading, downloaded, installed:
		return nil, refusal("error-updateInProgressOnInstance")
	}
	if g.Channel == nil || g.Channel.Package == nil {
		return nil, refusal("error-noPackageFound")
	}
	p := g.Channel.Package
	if !older(i.Application.Version, p.Version) || contains(p.Blacklist, g.Channel.ID) {
		if state(i) == granted {
			s.enter(i, complete, nil)
		}
		return nil, nil
	}
	if state(i) == granted {
		return p, nil
	}
	if err := s.allowed(i, g, p); err != nil {
		return nil, err
	}
	now := s.now()
	i.Application.Granted, i.Application.LastVersion = &now, &p.Version
	s.enter(i, granted, nil)
	if !g.Rollout {
		g.Rollout = true
		s.notice(g, rolloutStarted, info, p.Version, nil)
	}
	return p, nil
}

func (s *Server) allowed(i *Instance, g *Group, p *Package) error {
	if !g.Enabled || g.OfficeHours && !officeHours(s.now(), g.Timezone) {
		return refusal("error-updatesDisabled")
	}
	var inPeriod, running, late, attempted int
	for _, other := range s.Instances {
		a := other.Application
		if a.GroupID != g.ID || a.Granted == nil {
			continue
		}
		age := s.now().Sub(*a.Granted)
		current := a.LastVersion != nil && *a.LastVersion == p.Version
		if age < interval(g.Period) {
			inPeriod++
		}
		switch {
		case a.InProgress && age < interval(g.UpdateTimeout):
			running++
		case a.InProgress && current:
			late++
		}
		if !a.InProgress && current {
			attempted++
		}
	}
	most := g.MaxPerPeriod
	// The first machine of a version shows whether it is any good; until it has, it is the only one.
	if g.SafeMode && attempted == 0 {
		most = 1
	}
	held := func(why string) error {
		s.enter(i, onHold, nil)
		return refusal(why)
	}
	switch {
	case inPeriod >= most:
		return held("error-maxUpdatesPerPeriodLimitReached")
	case running >= most:
		return held("error-maxConcurrentUpdatesLimitReached")
	case g.SafeMode && late >= most:
		g.Enabled = false
		return held("error-maxTimedOutUpdatesLimitReached")
	}
	return nil
}

// event is what a machine tells. It counts only while an update goes on.
func (s *Server) event(i *Instance, g *Group, kind, result int, previous, code string) {
	if !i.Application.InProgress {
		return
	}
	switch {
	case kind == 3 && result == 2 && (previous == "" || previous == "0.0.0.0"):
		// It knows of no update: whatever was going on is over.
		s.enter(i, undefined, nil)
	case kind == 3 && result == 2:
		s.enter(i, complete, nil)
		s.finish(g, i)
	case result == 0:
		s.enter(i, failed, &code)
		s.notice(g, instanceFailed, problem, *i.Application.LastVersion, &i.ID)
	case kind == 13 && result == 1:
		s.enter(i, downloading, nil)
	case kind == 14 && result == 1:
		s.enter(i, downloaded, nil)
	case kind == 800 && result == 1:
		s.enter(i, installed, nil)
	}
}

func (s *Server) finish(g *Group, i *Instance) {
	version := *i.Application.LastVersion
	for _, other := range s.Instances {
		a := other.Application
		if a.GroupID == g.ID && (a.LastVersion == nil || *a.LastVersion != version || state(other) != complete) {
			return
		}
	}
	g.Rollout = false
	s.notice(g, rolloutFinished, success, version, nil)
}

// enter notes a machine's new state.
func (s *Server) enter(i *Instance, status int, code *string) {
	a := &i.Application
	a.Status = &status
	a.InProgress = status == granted || status == downloading || status == downloaded || status == installed
	if status == complete && a.LastVersion != nil {
		a.Version = *a.LastVersion
	}
	entry := History{Status: status, Created: s.now(), Error: code}
	if a.LastVersion != nil {
		entry.Version = *a.LastVersion
	}
	s.Histories[i.ID] = append(s.Histories[i.ID], entry)
}

func (s *Server) notice(g *Group, class, severity int, version string, instance *string) {
	id := strconv.Itoa(len(s.Activities) + 1)
	s.Activities = append(s.Activities, Activity{id, AppID, g.ID, s.now(), class, severity, version, g.Name, instance})
}

func state(i *Instance) int {
	if i.Application.Status == nil {
		return undefined
	}
	return *i.Application.Status
}

// interval reads "15 minutes", as the database of Nebraska does.
func interval(text string) time.Duration {
	var number int
	var unit string
	if _, err := fmt.Sscanf(text, "%d %s", &number, &unit); err != nil {
		return 0
	}
	units := map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	return time.Duration(number) * units[strings.TrimSuffix(unit, "s")]
}

// officeHours are Monday to Friday, nine to five.
func officeHours(now time.Time, zone string) bool {
	place, err := time.LoadLocation(zone)
	if err != nil {
		return false
	}
	local := now.In(place)
	weekend := local.Weekday() == time.Saturday || local.Weekday() == time.Sunday
	return !weekend && local.Hour() >= 9 && local.Hour() < 17
}

// older compares versions X.Y.Z. Nothing is older than what is none.
func older(a, b string) bool {
	left, leftOK := numbers(a)
	right, rightOK := numbers(b)
	if !leftOK || !rightOK {
		return false
	}
	for i := range left {
		if left[i] != right[i] {
			return left[i] < right[i]
		}
	}
	return false
}

func numbers(version string) (parts [3]int, whole bool) {
	words := strings.Split(version, ".")
	if len(words) != 3 {
		return parts, false
	}
	for i, word := range words {
		number, err := strconv.Atoi(word)
		if err != nil || number < 0 {
			return parts, false
		}
		parts[i] = number
	}
	return parts, true
}

func contains(list []string, word string) bool {
	for _, each := range list {
		if each == word {
			return true
		}
	}
	return false
}
