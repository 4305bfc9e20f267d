package main

import (
	"encoding/xml"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// More than any request has; Nebraska's limit.
const requestMax = 64 * 1024

type omahaRequest struct {
	Apps []struct {
		ID        string `xml:"appid,attr"`
		Version   string `xml:"version,attr"`
		Track     string `xml:"track,attr"`
		MachineID string `xml:"machineid,attr"`
		Alias     string `xml:"machinealias,attr"`
		Board     string `xml:"board,attr"`
		Events    []struct {
			Type     int    `xml:"eventtype,attr"`
			Result   int    `xml:"eventresult,attr"`
			Previous string `xml:"previousversion,attr"`
			Error    int    `xml:"errorcode,attr"`
		} `xml:"event"`
		Ping  *struct{} `xml:"ping"`
		Check *struct{} `xml:"updatecheck"`
	} `xml:"app"`
}

type omahaResponse struct {
	XMLName  xml.Name `xml:"response"`
	Protocol string   `xml:"protocol,attr"`
	Server   string   `xml:"server,attr"`
	DayStart struct {
		Seconds int `xml:"elapsed_seconds,attr"`
	} `xml:"daystart"`
	Apps []*appResponse `xml:"app"`
}

type appResponse struct {
	ID     string         `xml:"appid,attr"`
	Status string         `xml:"status,attr"`
	Ping   *okResponse    `xml:"ping"`
	Check  *checkResponse `xml:"updatecheck"`
	Events []okResponse   `xml:"event"`
}

type okResponse struct {
	Status string `xml:"status,attr"`
}

type checkResponse struct {
	Status string `xml:"status,attr"`
	URLs   struct {
		URL []codebase `xml:"url"`
	} `xml:"urls"`
	Manifest *manifest `xml:"manifest"`
}

type codebase struct {
	Codebase string `xml:"codebase,attr"`
}

type manifest struct {
	Version  string `xml:"version,attr"`
	Packages struct {
		Package filePackage `xml:"package"`
	} `xml:"packages"`
	Actions struct {
		Action postinstall `xml:"action"`
	} `xml:"actions"`
}

type filePackage struct {
	Name     string `xml:"name,attr"`
	Hash     string `xml:"hash,attr"`
	Size     string `xml:"size,attr"`
	Required bool   `xml:"required,attr"`
}

type postinstall struct {
	Event          string `xml:"event,attr"`
	SHA256         string `xml:"sha256,attr"`
	DisableBackoff bool   `xml:"DisablePayloadBackoff,attr"`
}

// omaha answers machines: first what they tell is noted, then what they ask for is decided.
func (s *Server) omaha(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, requestMax))
	var request omahaRequest
	if err == nil {
		err = xml.Unmarshal(body, &request)
	}
	if err != nil {
		http.Error(w, "this is no Omaha request", http.StatusBadRequest)
		return
	}
	address, _, _ := net.SplitHostPort(r.RemoteAddr)
	response := omahaResponse{Protocol: "3.0", Server: "update-server-lab"}

	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.resolve()
	for _, app := range request.Apps {
		answer := &appResponse{ID: app.ID, Status: "ok"}
		response.Apps = append(response.Apps, answer)
		group := s.groupOf(app.Track, app.Board)
		if strings.Trim(app.ID, "{}") != AppID || group == nil || app.MachineID == "" {
			log.Printf("%s asks for track %q of application %s, which is not here", app.MachineID, app.Track, app.ID)
			answer.Status, answer.Check = "error-failedToRetrieveUpdatePackageInfo", &checkResponse{Status: "error-internal"}
			continue
		}
		for _, event := range app.Events {
			log.Printf("%s (%s) version %s: event %d.%d %s error %d", app.MachineID, app.Alias, app.Version, event.Type, event.Result, event.Previous, event.Error)
			if known := s.instance(app.MachineID); known != nil {
				s.event(known, group, event.Type, event.Result, event.Previous, strconv.Itoa(event.Error))
			}
			answer.Events = append(answer.Events, okResponse{"ok"})
		}
		if app.Ping == nil && app.Check == nil {
			continue
		}
		instance := s.register(app.MachineID, app.Alias, address, app.Version, group)
		if app.Ping != nil {
			answer.Ping = &okResponse{"ok"}
		}
		if app.Check != nil {
			answer.Check, answer.Status = s.check(instance, group)
			log.Printf("%s (%s) version %s asks for an update: %s %s", app.MachineID, app.Alias, app.Version, answer.Check.Status, answer.Status)
		}
	}
	if err := s.save(); err != nil {
		// Nothing may be promised that is forgotten.
		log.Print(err)
		http.Error(w, "what you said could not be noted", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	_, _ = io.WriteString(w, xml.Header)
	_ = xml.NewEncoder(w).Encode(response)
}

func (s *Server) check(i *Instance, g *Group) (*checkResponse, string) {
	p, err := s.offer(i, g)
	var why refusal
	switch {
	case errors.As(err, &why):
		return &checkResponse{Status: "error-internal"}, string(why)
	case p == nil:
		return &checkResponse{Status: "noupdate"}, "ok"
	}
	answer := &checkResponse{Status: "ok", Manifest: &manifest{Version: p.Version}}
	answer.URLs.URL = []codebase{{p.URL}}
	answer.Manifest.Packages.Package = filePackage{p.Filename, p.Hash, p.Size, true}
	answer.Manifest.Actions.Action = postinstall{p.Action.Event, p.Action.SHA256, p.Action.DisableBackoff}
	return answer, "ok"
}

func (s *Server) groupOf(track, board string) *Group {
	arch := 1
	if strings.HasPrefix(board, "arm64") {
		arch = 2
	}
	for _, group := range s.Groups {
		if group.Track == track && (group.Channel == nil || group.Channel.Arch == arch || group.Channel.Arch == 0) {
			return group
		}
	}
	return nil
}

func (s *Server) instance(id string) *Instance {
	for _, each := range s.Instances {
		if each.ID == id {
			return each
		}
	}
	return nil
}

func (s *Server) register(id, alias, address, version string, g *Group) *Instance {
	i := s.instance(id)
	if i == nil {
		i = &Instance{ID: id, Created: s.now()}
		i.Application.InstanceID, i.Application.Application = id, AppID
		s.Instances = append(s.Instances, i)
	}
	i.IP = address
	if alias != "" {
		i.Alias = alias
	}
	i.Application.GroupID, i.Application.Version, i.Application.LastCheck = g.ID, version, s.now()
	return i
}
