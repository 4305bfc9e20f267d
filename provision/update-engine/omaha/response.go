package omaha

import (
	"encoding/base64"
	"encoding/xml"
	"strings"
	"time"
)

// Offer is what a server has for this machine.
type Offer struct {
	Exists  bool
	Version string
	URL     string
	Size    int64
	SHA256  []byte
	// How long the server wants the machine to wait until its next check; zero: it does not say.
	PollInterval time.Duration
}

type response struct {
	App struct {
		Status      string `xml:"status,attr"`
		UpdateCheck *struct {
			Status       string `xml:"status,attr"`
			PollInterval int    `xml:"PollInterval,attr"`
			URLs         []struct {
				Codebase string `xml:"codebase,attr"`
			} `xml:"urls>url"`
			Manifest *struct {
				Version  string `xml:"version,attr"`
				Packages []struct {
					Name string `xml:"name,attr"`
					Size int64  `xml:"size,attr"`
				} `xml:"packages>package"`
				Actions []struct {
					Event  string `xml:"event,attr"`
					SHA256 string `xml:"sha256,attr"`
				} `xml:"actions>action"`
			} `xml:"manifest"`
		} `xml:"updatecheck"`
	} `xml:"app"`
}

// ParseResponse reads the answer to a Check. It insists on what Flatcar's engine insists on; the hash of the package, SHA-1, is not looked at.
func ParseResponse(body []byte) (Offer, error) {
	var r response
	if len(body) == 0 {
		return Offer{}, Failed(EmptyResponse, "the server's answer is empty")
	}
	if err := xml.Unmarshal(body, &r); err != nil {
		return Offer{}, Failed(NoXML, "the server's answer is no XML: %w", err)
	}
	check := r.App.UpdateCheck
	if check == nil {
		return Offer{}, Failed(ResponseInvalid, "the server says nothing of an update; the application's status is %q", r.App.Status)
	}
	offer := Offer{PollInterval: time.Duration(check.PollInterval) * time.Second}
	switch check.Status {
	case "noupdate":
		return offer, nil
	case "ok":
	default:
		// A server that holds an update back for now says it this way too, and why in the application's status.
		return offer, Failed(ResponseInvalid, "the server gives no update: status %q, application %q", check.Status, r.App.Status)
	}
	manifest := check.Manifest
	switch {
	case manifest == nil:
		return offer, Failed(ResponseInvalid, "the offer has no manifest")
	case len(check.URLs) == 0 || check.URLs[0].Codebase == "":
		return offer, Failed(ResponseInvalid, "the offer has no URL")
	case len(manifest.Packages) == 0 || manifest.Packages[0].Name == "" || manifest.Packages[0].Size <= 0:
		return offer, Failed(ResponseInvalid, "the offer has no package with a name and a size")
	}
	for _, action := range manifest.Actions {
		if action.Event != "postinstall" {
			continue
		}
		hash, err := base64.StdEncoding.DecodeString(action.SHA256)
		if err != nil || len(hash) != 32 {
			return offer, Failed(ResponseInvalid, "the offer's SHA-256 is %q", action.SHA256)
		}
		offer.Exists, offer.Version, offer.Size, offer.SHA256 = true, manifest.Version, manifest.Packages[0].Size, hash
		offer.URL = strings.TrimSuffix(check.URLs[0].Codebase, "/") + "/" + manifest.Packages[0].Name
		return offer, nil
	}
	return offer, Failed(ResponseInvalid, "the offer has no action after the installation")
}
