package engine

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coreos-lab/update-engine/slots"
)

func TestUpdate(t *testing.T) {
	m := newMachine(t, 3<<20)
	e := m.engine()
	status := m.update(e)

	equal(t, "events", m.stories(), []string{`check 3.2 after "0.0.0.0"`, "13.1", "14.1", "3.1"})
	equal(t, "end", status.Operation, NeedReboot)
	equal(t, "version and size", fmt.Sprint(status.NewVersion, status.NewSize), fmt.Sprint("1.1.0", m.size))
	equal(t, "progress is back at nothing", status.Progress, 0)
	operations := []string{}
	last := -1.0
	for _, s := range m.seen {
		if len(operations) == 0 || operations[len(operations)-1] != s.Operation {
			operations = append(operations, s.Operation)
		}
		if s.Operation == Downloading {
			if s.Progress < last {
				t.Errorf("progress goes back: %v after %v", s.Progress, last)
			}
			last = s.Progress
		}
	}
	equal(t, "operations", operations, []string{Checking, Available, Downloading, Finalizing, NeedReboot})
	equal(t, "last progress", last, 1)
	equal(t, "running slot", m.attributes(slots.USRA), "priority=1 tries=0 successful=1")
	equal(t, "new slot", m.attributes(slots.USRB), "priority=2 tries=1 successful=0")
	slot, held := m.boot()
	equal(t, "next", slot, slots.USRB)
	if !bytes.HasPrefix(held, m.fresh) {
		t.Error("the new slot does not hold the new version")
	}
	for _, r := range m.requests {
		equal(t, "source", r.InstallSource, "ondemandupdate")
	}

	// Until the reboot the server hears no more than a ping, and a process that starts anew knows.
	m.update(e)
	again := m.engine()
	equal(t, "after a restart of the engine", again.Status().Operation, NeedReboot)
	again.MarkGood()
	equal(t, "the new slot stays the next one", m.attributes(slots.USRB), "priority=2 tries=1 successful=0")
	m.update(again)
	equal(t, "pings", m.stories()[4:], []string{"ping", "ping"})
}

func TestAfterTheReboot(t *testing.T) {
	m := newMachine(t, 1<<20)
	m.update(m.engine())
	// The boot loader counts down the try, and the new version runs.
	m.reboot("1.1.0", slots.USRB)
	m.answer = noUpdate
	e := m.engine()
	equal(t, "a boot forgets that one was waited for", e.Status().Operation, Idle)
	m.update(e)
	m.update(e)
	equal(t, "checks", m.stories()[4:], []string{`check 3.2 after "1.0.0"`, `check 3.2 after ""`})
	equal(t, "marked as good", m.attributes(slots.USRB), "priority=2 tries=0 successful=1")
	equal(t, "the old version stays a way back", m.attributes(slots.USRA), "priority=1 tries=0 successful=1")
}

func TestRollback(t *testing.T) {
	m := newMachine(t, 1<<20)
	m.update(m.engine())
	// The new version did not come up: the old one runs again.
	m.reboot("1.0.0", slots.USRA)
	m.answer = noUpdate
	e := m.engine()
	m.update(e)
	m.update(e)
	equal(t, "checks", m.stories()[4:], []string{"check 3.0 error 44", `check 3.2 after ""`})
}

func TestPostinstRefuses(t *testing.T) {
	m := newMachine(t, 1<<20)
	m.program("postinst", `echo "$1 $2" > "$(dirname "$0")/asked"; exit 1`)
	status := m.update(m.engine())
	equal(t, "events", m.stories(), []string{`check 3.2 after "0.0.0.0"`, "13.1", "14.1", "3.0 " + failure(5)})
	asked, _ := os.ReadFile(filepath.Join(m.root, "asked"))
	equal(t, "postinst is asked about", strings.TrimSpace(string(asked)), m.disk.Devices[slots.USRB]+" 1.1.0")
	m.stillOld(status)
}

func TestResetStatus(t *testing.T) {
	m := newMachine(t, 1<<20)
	e := m.engine()
	m.update(e)
	if err := e.ResetStatus(); err != nil {
		t.Fatal(err)
	}
	equal(t, "status", e.Status(), Status{LastChecked: e.Status().LastChecked, Operation: Idle, NewVersion: "0.0.0"})
	equal(t, "the partition table is as it was", m.attributes(slots.USRB), "priority=2 tries=1 successful=0")
	equal(t, "for good", m.engine().Status().Operation, Idle)
}

func TestNothingOfTwoAtOnce(t *testing.T) {
	m := newMachine(t, 1<<20)
	e := m.engine()
	m.serve = func(http.ResponseWriter, *http.Request) bool {
		called := false
		e.Begin(nil, true, func() { called = true })
		if !called {
			t.Error("a second attempt began")
		}
		if e.ResetStatus() == nil {
			t.Error("the status was reset in the middle")
		}
		return false
	}
	equal(t, "end", m.update(e).Operation, NeedReboot)
}

// The slot that runs was never marked: if the other one were given up now, a power cut would leave nothing to boot.
func TestKeepsTheOnlyWayBack(t *testing.T) {
	m := newMachine(t, 1<<20)
	m.set(slots.USRA, "-T", "0", "-S", "0")
	e := m.engine()
	e.markedGood = true // as if cgpt had said so and the disk had not done it
	status := m.update(e)
	equal(t, "events", m.stories(), []string{`check 3.2 after "0.0.0.0"`, "3.0 " + failure(7)})
	equal(t, "the way back", m.attributes(slots.USRB), "priority=1 tries=0 successful=1")
	equal(t, "end", status.Operation, Idle)
}

func (m *machine) stillOld(status Status) {
	m.t.Helper()
	equal(m.t, "status", status, Status{LastChecked: status.LastChecked, Operation: Idle, NewVersion: "0.0.0"})
	slot, held := m.boot()
	equal(m.t, "what would boot", slot, slots.USRA)
	if !bytes.Equal(held, m.old) {
		m.t.Error("the running slot has changed")
	}
	equal(m.t, "the slot that was begun", m.attributes(slots.USRB), "priority=1 tries=0 successful=0")
}

func (m *machine) reboot(version string, slot int) {
	m.set(slots.USRB, "-T", "0")
	m.disk.Running = slot
	m.file("usr/share/flatcar/release", "FLATCAR_RELEASE_VERSION="+version+"\nFLATCAR_RELEASE_BOARD=amd64-usr\n")
	_ = os.Remove(filepath.Join(m.root, completedMarker))
}
