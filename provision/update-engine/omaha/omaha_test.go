package omaha

import (
	"os"
	"strings"
	"testing"
	"time"

	"coreos-lab/update-engine/config"
)

var conf = config.Config{
	AppID: "{e96281a6-d1af-4bde-9a0a-97b76e56dc57}", Version: "1.0.0", Board: "amd64-usr", Group: "lab <a&b>",
	MachineID: "0123456789abcdef0123456789abcdef", BootID: "{11111111-2222-3333-4444-555555555555}", MachineType: "x86_64",
	MachineAlias: `the "first"`, OEM: "qemu", OEMVersion: "0.1",
}

func TestRequests(t *testing.T) {
	after, failed := AfterReboot("0.9.0"), UpdateFailed(HashMismatch|OtherServerFlag)
	nothing := AfterReboot("")
	cases := map[string][]byte{
		"check.xml":       Request(Check, conf, "0.9.0", true, &after),
		"check-later.xml": Request(Check, conf, "0.9.0", false, &nothing),
		"ping.xml":        Request(Ping, conf, "0.9.0", false, nil),
		"started.xml":     Request(Report, conf, "0.9.0", true, &DownloadStarted),
		"failed.xml":      Request(Report, conf, "0.9.0", true, &failed),
	}
	for name, body := range cases {
		wanted, err := os.ReadFile("testdata/" + name)
		if os.Getenv("UPDATE_GOLDEN") != "" {
			_ = os.WriteFile("testdata/"+name, append(body, '\n'), 0o644)
		} else if err != nil || strings.TrimSpace(string(wanted)) != string(body) {
			t.Errorf("%s (%v) is not\n%s", name, err, body)
		}
	}
}

func TestOffer(t *testing.T) {
	body, err := os.ReadFile("testdata/nebraska-offer.xml")
	if err != nil {
		t.Fatal(err)
	}
	offer, err := ParseResponse(body)
	if err != nil || !offer.Exists || offer.Version != "1.1.0" || offer.Size != 2097538 || len(offer.SHA256) != 32 {
		t.Errorf("%+v %v", offer, err)
	}
	if offer.URL != "http://127.0.0.1:8000/flatcar/1.1.0/flatcar_production_update.gz" {
		t.Error(offer.URL)
	}
}

func TestAnswersOfNebraska(t *testing.T) {
	cases := map[string]Code{"nebraska-noupdate.xml": Success, "nebraska-held-back.xml": ResponseInvalid, "nebraska-paused.xml": ResponseInvalid}
	for name, code := range cases {
		body, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		offer, err := ParseResponse(body)
		if offer.Exists || CodeOf(err) != code {
			t.Errorf("%s: %+v %v", name, offer, err)
		}
	}
}

func TestPollInterval(t *testing.T) {
	offer, err := ParseResponse([]byte(`<response><app><updatecheck status="noupdate" PollInterval="30"/></app></response>`))
	if err != nil || offer.PollInterval != 30*time.Second {
		t.Error(offer, err)
	}
}
