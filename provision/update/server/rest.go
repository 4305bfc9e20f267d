package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strings"
)

// answerError is an answer that is not what was asked for.
type answerError struct {
	status  int
	message string
}

func (e answerError) Error() string { return e.message }

func missing(what string) error { return answerError{http.StatusNotFound, what + " is not here"} }

func wrong(format string, values ...any) error {
	return answerError{http.StatusBadRequest, fmt.Sprintf(format, values...)}
}

// rest answers people: /api/apps/APP/{packages,channels,groups}[/ID], and what is known of machines below a group.
func (s *Server) rest(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	words := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	answer, err := s.route(r, words[1:])
	if err == nil && r.Method != http.MethodGet {
		s.resolve()
		err = s.save()
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	switch e := err.(type) {
	case nil:
	case answerError:
		w.WriteHeader(e.status)
		answer = map[string]string{"message": e.message}
	default:
		w.WriteHeader(http.StatusInternalServerError)
		answer = map[string]string{"message": err.Error()}
	}
	if answer == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (s *Server) route(r *http.Request, path []string) (any, error) {
	for key, values := range r.URL.Query() {
		if strings.Join(values, "") == "" {
			return nil, wrong("%s has no value: leave it out", key)
		}
	}
	if len(path) == 1 && path[0] == "activity" {
		return page("activities", reversed(s.Activities)), nil
	}
	if len(path) < 3 || path[0] != "apps" || path[1] != AppID {
		return nil, missing("an application of that id")
	}
	s.resolve()
	id := ""
	if len(path) > 3 {
		id = path[3]
	}
	switch path[2] {
	case "packages":
		return crud(r, id, "packages", &s.Packages, func(p *Package) *string { return &p.ID }, s.checkPackage)
	case "channels":
		return crud(r, id, "channels", &s.Channels, func(c *Channel) *string { return &c.ID }, s.checkChannel)
	case "groups":
		if len(path) > 4 {
			return s.machines(r.URL.Query(), id, path[4:])
		}
		return crud(r, id, "groups", &s.Groups, func(g *Group) *string { return &g.ID }, s.checkGroup)
	}
	return nil, missing("/" + strings.Join(path, "/"))
}

// crud makes, reads, changes and removes things of one kind. Check refuses what cannot be, and takes over what a change leaves as it was.
func crud[T any](r *http.Request, id, name string, all *[]*T, idOf func(*T) *string, check func(fresh, old *T) error) (any, error) {
	place := -1
	for i, each := range *all {
		if *idOf(each) == id {
			place = i
		}
	}
	switch {
	case r.Method == http.MethodGet && id == "":
		return page(name, reversed(*all)), nil
	case r.Method == http.MethodPost && id == "":
		fresh := new(T)
		if err := read(r, fresh); err != nil {
			return nil, err
		}
		*idOf(fresh) = newID()
		if err := check(fresh, nil); err != nil {
			return nil, err
		}
		*all = append(*all, fresh)
		return fresh, nil
	case place < 0:
		return nil, missing("one of the " + name + " with the id " + id)
	case r.Method == http.MethodGet:
		return (*all)[place], nil
	case r.Method == http.MethodPut:
		fresh := new(T)
		if err := read(r, fresh); err != nil {
			return nil, err
		}
		*idOf(fresh) = id
		if err := check(fresh, (*all)[place]); err != nil {
			return nil, err
		}
		(*all)[place] = fresh
		return fresh, nil
	case r.Method == http.MethodDelete:
		*all = append((*all)[:place], (*all)[place+1:]...)
		return nil, nil
	}
	return nil, answerError{http.StatusMethodNotAllowed, r.Method + " is not possible here"}
}

func read(r *http.Request, into any) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, requestMax))
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		return wrong("the body cannot be read: %v", err)
	}
	return nil
}

func (s *Server) checkPackage(fresh, old *Package) error {
	switch {
	case fresh.URL == "" || fresh.Filename == "" || fresh.Size == "":
		return wrong("a package needs url, filename and size")
	case fresh.Action == nil || fresh.Action.SHA256 == "":
		return wrong("a package needs flatcar_action.sha256: machines compare it with what they download")
	}
	if _, whole := numbers(fresh.Version); !whole {
		return wrong("the version %q is not like 1.2.3", fresh.Version)
	}
	for _, each := range s.Packages {
		if each.Version == fresh.Version && each.Arch == fresh.Arch && each != old {
			return wrong("there is a package of version %s already: %s", fresh.Version, each.ID)
		}
	}
	fresh.Application, fresh.Created = AppID, s.now()
	if old != nil {
		fresh.Created = old.Created
	}
	// As Nebraska has it: a hash that does not say which one it replaces is one more, and the first counts.
	if old != nil && old.Action.ID != "" && fresh.Action.ID != old.Action.ID {
		fresh.Action = old.Action
	}
	if fresh.Action.ID == "" {
		fresh.Action.ID = newID()
	}
	fresh.Action.Event, fresh.Action.DisableBackoff = "postinstall", true
	return nil
}

func (s *Server) checkChannel(fresh, old *Channel) error {
	if fresh.Name == "" {
		return wrong("a channel needs a name")
	}
	if fresh.PackageID != nil {
		found := false
		for _, each := range s.Packages {
			found = found || each.ID == *fresh.PackageID && (each.Arch == fresh.Arch || each.Arch == 0)
		}
		if !found {
			return wrong("there is no package %s for this channel", *fresh.PackageID)
		}
	}
	fresh.Application, fresh.Created = AppID, s.now()
	if old != nil {
		fresh.Created = old.Created
	}
	return nil
}

func (s *Server) checkGroup(fresh, old *Group) error {
	switch {
	case fresh.Name == "" || fresh.Timezone == "":
		return wrong("a group needs name and policy_timezone")
	case fresh.MaxPerPeriod < 1:
		return wrong("policy_max_updates_per_period is at least 1; policy_updates_enabled pauses a group")
	case interval(fresh.Period) <= 0 || interval(fresh.UpdateTimeout) <= 0:
		return wrong("policy_period_interval and policy_update_timeout are like \"15 minutes\"")
	}
	found := fresh.ChannelID == nil
	for _, each := range s.Channels {
		found = found || each.ID == *fresh.ChannelID
	}
	if !found {
		return wrong("there is no channel %s", *fresh.ChannelID)
	}
	if fresh.Track == "" {
		fresh.Track = fresh.ID
	}
	fresh.Application, fresh.Created = AppID, s.now()
	if old != nil {
		fresh.Created, fresh.Rollout = old.Created, old.Rollout
	}
	return nil
}

// machines answers what is known of a group's machines.
func (s *Server) machines(query url.Values, group string, path []string) (any, error) {
	own := []*Instance{}
	for _, each := range s.Instances {
		if each.Application.GroupID == group {
			own = append(own, each)
		}
	}
	sort.Slice(own, func(a, b int) bool { return own[a].Alias < own[b].Alias })
	switch {
	case path[0] == "instances" && len(path) == 1 && !(query.Has("status") && query.Has("duration")):
		return nil, wrong("status and duration have to be given: 0 and 1d for all of the last day")
	case path[0] == "instances" && len(path) == 1:
		return map[string]any{"total": len(own), "instances": own}, nil
	case path[0] == "instances_stats":
		return statistics(own), nil
	case path[0] == "version_breakdown":
		return versions(own), nil
	case path[0] != "instances":
		return nil, missing(path[0])
	}
	for _, each := range own {
		switch {
		case each.ID != path[1]:
		case len(path) == 2:
			return each, nil
		case path[2] == "status_history":
			return reversed(s.Histories[each.ID]), nil
		}
	}
	return nil, missing("a machine " + path[1] + " in this group")
}

func statistics(machines []*Instance) map[string]int {
	names := []string{"", "undefined", "update_granted", "error", "complete", "installed", "downloaded", "downloading", "onhold"}
	counts := map[string]int{"total": len(machines)}
	for _, name := range names[1:] {
		counts[name] = 0
	}
	for _, each := range machines {
		counts[names[state(each)]]++
	}
	return counts
}

func versions(machines []*Instance) []map[string]any {
	counts := map[string]int{}
	for _, each := range machines {
		counts[each.Application.Version]++
	}
	list := []map[string]any{}
	for version, count := range counts {
		list = append(list, map[string]any{"version": version, "instances": count, "percentage": 100 * float64(count) / float64(len(machines))})
	}
	sort.Slice(list, func(a, b int) bool { return older(list[b]["version"].(string), list[a]["version"].(string)) })
	return list
}

func page[T any](name string, list []T) map[string]any {
	return map[string]any{"totalCount": len(list), "count": len(list), name: list}
}

// reversed is a list with the newest first.
func reversed[T any](list []T) []T {
	turned := make([]T, 0, len(list))
	for i := len(list) - 1; i >= 0; i-- {
		turned = append(turned, list[i])
	}
	return turned
}
