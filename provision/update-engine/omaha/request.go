// Package omaha speaks Omaha 3.0, the protocol in which an update engine asks a server and reports to it.
package omaha

import (
	"encoding/xml"

	"coreos-lab/update-engine/config"
)

// Updater is how this engine names itself to servers: a stand-in says so.
const Updater = "update_engine-labos-1.0"

// An Event tells the server how far an update is: type and result are Omaha's numbers.
type Event struct {
	Type            int     `xml:"eventtype,attr"`
	Result          int     `xml:"eventresult,attr"`
	ErrorCode       *Code   `xml:"errorcode,attr,omitempty"`
	PreviousVersion *string `xml:"previousversion,attr,omitempty"`
}

// The events of an update, in their order. After the reboot the next check carries AfterReboot, or RollbackDetected.
var (
	DownloadStarted  = Event{Type: 13, Result: 1}
	DownloadFinished = Event{Type: 14, Result: 1}
	UpdateComplete   = Event{Type: 3, Result: 1}
)

// AfterReboot tells which version ran before; empty when the last check has told it already, 0.0.0.0 when there was none.
func AfterReboot(previous string) Event {
	return Event{Type: 3, Result: 2, PreviousVersion: &previous}
}

// UpdateFailed tells why.
func UpdateFailed(code Code) Event {
	return Event{Type: 3, Result: 0, ErrorCode: &code}
}

// What a request is for.
type Kind int

const (
	Check  Kind = iota // ask for an update, and tell what happened since the last time
	Ping               // only say that the machine is alive: an update waits for its reboot already
	Report             // only an event
)

type request struct {
	XMLName        xml.Name `xml:"request"`
	Protocol       string   `xml:"protocol,attr"`
	Version        string   `xml:"version,attr"`
	UpdaterVersion string   `xml:"updaterversion,attr"`
	InstallSource  string   `xml:"installsource,attr"`
	IsMachine      int      `xml:"ismachine,attr"`
	OS             struct {
		Version  string `xml:"version,attr"`
		Platform string `xml:"platform,attr"`
		SP       string `xml:"sp,attr"`
	} `xml:"os"`
	App app `xml:"app"`
}

type app struct {
	AppID         string    `xml:"appid,attr"`
	Version       string    `xml:"version,attr"`
	Track         string    `xml:"track,attr"`
	BootID        string    `xml:"bootid,attr"`
	OEM           string    `xml:"oem,attr"`
	OEMVersion    string    `xml:"oemversion,attr"`
	AlephVersion  string    `xml:"alephversion,attr"`
	MachineID     string    `xml:"machineid,attr"`
	MachineAlias  string    `xml:"machinealias,attr"`
	Lang          string    `xml:"lang,attr"`
	Board         string    `xml:"board,attr"`
	HardwareClass string    `xml:"hardware_class,attr"`
	DeltaOkay     bool      `xml:"delta_okay,attr"`
	Ping          *ping     `xml:"ping"`
	UpdateCheck   *struct{} `xml:"updatecheck"`
	Event         *Event    `xml:"event"`
}

type ping struct {
	Active int `xml:"active,attr"`
}

// Request makes the body of a request. Aleph is the version that the machine was installed with; a Ping has no event.
func Request(kind Kind, conf config.Config, aleph string, interactive bool, event *Event) []byte {
	r := request{Protocol: "3.0", Version: Updater, UpdaterVersion: Updater, InstallSource: "scheduler", IsMachine: 1}
	if interactive {
		r.InstallSource = "ondemandupdate"
	}
	// The first systems that spoke so were Chromium OS's; servers know them by these words.
	r.OS.Version, r.OS.Platform, r.OS.SP = "Chateau", "CoreOS", conf.Version+"_"+conf.MachineType
	r.App = app{
		AppID: conf.AppID, Version: conf.Version, Track: conf.Group, BootID: conf.BootID,
		OEM: conf.OEM, OEMVersion: conf.OEMVersion, AlephVersion: aleph,
		MachineID: conf.MachineID, MachineAlias: conf.MachineAlias, Lang: "en-US", Board: conf.Board, Event: event,
	}
	if kind != Report {
		r.App.Ping = &ping{Active: 1}
	}
	if kind == Check {
		r.App.UpdateCheck = &struct{}{}
	}
	body, err := xml.MarshalIndent(r, "", "    ")
	if err != nil {
		panic(err) // strings and numbers can be written
	}
	return append([]byte(xml.Header), body...)
}
