package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// The words of the update server. Names in JSON are Nebraska's.

// AppID is Flatcar's application: the only one, and every machine has it built in.
const AppID = "e96281a6-d1af-4bde-9a0a-97b76e56dc57"

// Package is a version that machines can be given.
type Package struct {
	ID          string    `json:"id"`
	Type        int       `json:"type"`
	Version     string    `json:"version"`
	URL         string    `json:"url"`
	Filename    string    `json:"filename"`
	Description string    `json:"description"`
	Size        string    `json:"size"`
	Hash        string    `json:"hash"`
	Created     time.Time `json:"created_ts"`
	Blacklist   []string  `json:"channels_blacklist"`
	Application string    `json:"application_id"`
	Action      *Action   `json:"flatcar_action"`
	Arch        int       `json:"arch"`
}

// Action carries the hash that counts.
type Action struct {
	ID             string `json:"id"`
	Event          string `json:"event"`
	SHA256         string `json:"sha256"`
	DisableBackoff bool   `json:"disable_payload_backoff"`
}

// Channel points at the package that is current in it.
type Channel struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Color       string    `json:"color"`
	Created     time.Time `json:"created_ts"`
	Application string    `json:"application_id"`
	PackageID   *string   `json:"package_id"`
	Package     *Package  `json:"package"`
	Arch        int       `json:"arch"`
}

// Group is the machines of one track, with the policy by which they are given what its channel has.
type Group struct {
	ID            string    `json:"id"`
	Name          string    `json:"name"`
	Description   string    `json:"description"`
	Created       time.Time `json:"created_ts"`
	Rollout       bool      `json:"rollout_in_progress"`
	Application   string    `json:"application_id"`
	ChannelID     *string   `json:"channel_id"`
	Enabled       bool      `json:"policy_updates_enabled"`
	SafeMode      bool      `json:"policy_safe_mode"`
	OfficeHours   bool      `json:"policy_office_hours"`
	Timezone      string    `json:"policy_timezone"`
	Period        string    `json:"policy_period_interval"`
	MaxPerPeriod  int       `json:"policy_max_updates_per_period"`
	UpdateTimeout string    `json:"policy_update_timeout"`
	Channel       *Channel  `json:"channel"`
	Track         string    `json:"track"`
}

// Instance is a machine, as far as its requests have told.
type Instance struct {
	ID          string          `json:"id"`
	IP          string          `json:"ip"`
	Created     time.Time       `json:"created_ts"`
	Application InstanceVersion `json:"application"`
	Alias       string          `json:"alias,omitempty"`
}

// InstanceVersion is what it runs and what becomes of its update.
type InstanceVersion struct {
	InstanceID  string     `json:"instance_id"`
	Application string     `json:"application_id"`
	GroupID     string     `json:"group_id"`
	Version     string     `json:"version"`
	Status      *int       `json:"status"`
	LastCheck   time.Time  `json:"last_check_for_updates"`
	Granted     *time.Time `json:"last_update_granted_ts"`
	LastVersion *string    `json:"last_update_version"`
	InProgress  bool       `json:"update_in_progress"`
}

// History is one change of a machine's status.
type History struct {
	Status  int       `json:"status"`
	Version string    `json:"version"`
	Created time.Time `json:"created_ts"`
	Error   *string   `json:"error_code"`
}

// Activity is what people should notice.
type Activity struct {
	ID       string    `json:"id"`
	AppID    string    `json:"app_id"`
	GroupID  string    `json:"group_id"`
	Created  time.Time `json:"created_ts"`
	Class    int       `json:"class"`
	Severity int       `json:"severity"`
	Version  string    `json:"version"`
	Group    string    `json:"group_name"`
	Instance *string   `json:"instance_id"`
}

// Server is all that is known. It is kept in one file, which is written anew with each change.
type Server struct {
	mutex      sync.Mutex
	file       string
	now        func() time.Time
	Packages   []*Package
	Channels   []*Channel
	Groups     []*Group
	Instances  []*Instance
	Histories  map[string][]History
	Activities []Activity
}

// Open reads the file, if there is one.
func Open(file string) (*Server, error) {
	s := &Server{file: file, now: func() time.Time { return time.Now().UTC() }, Histories: map[string][]History{}}
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(text, s)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", file, err)
	}
	return s, nil
}

// save is called with the mutex held.
func (s *Server) save() error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(s.file), ".state-*")
	if err != nil {
		return err
	}
	defer os.Remove(fresh.Name())
	_, err = fresh.Write(text)
	if err == nil {
		err = fresh.Sync()
	}
	if closing := fresh.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Rename(fresh.Name(), s.file)
}

// resolve fills in what things point at, for answers.
func (s *Server) resolve() {
	for _, channel := range s.Channels {
		channel.Package = nil
		for _, each := range s.Packages {
			if channel.PackageID != nil && each.ID == *channel.PackageID {
				channel.Package = each
			}
		}
	}
	for _, group := range s.Groups {
		group.Channel = nil
		for _, each := range s.Channels {
			if group.ChannelID != nil && each.ID == *group.ChannelID {
				group.Channel = each
			}
		}
	}
}

func newID() string {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		panic(err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
