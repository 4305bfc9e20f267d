// Package engine updates the system: it asks the server, writes the passive slot, and makes the boot loader try it.
package engine

import (
	"context"
	"crypto/rsa"
	"errors"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"coreos-lab/update-engine/config"
	"coreos-lab/update-engine/slots"
)

// Engine is one machine's. At most one check or update goes on at a time.
type Engine struct {
	Root        string // before all paths; empty on a machine
	Disk        slots.Disk
	Key         *rsa.PublicKey
	HTTP        *http.Client
	Notify      func(Status) // told of every change
	Postinstall string       // program that has the last word about a written slot: DEVICE VERSION
	Silence     time.Duration
	RetryWait   time.Duration

	mutex        sync.Mutex
	status       Status
	markedGood   bool
	pollInterval time.Duration
	lastHTTP     int
}

// Files that outlive the process: prefs those that outlive a reboot as well.
const (
	prefsFolder     = "/var/lib/update_engine/prefs"
	completedMarker = "/run/update_engine_autoupdate_completed"
)

// Start takes up the state in which an earlier process left the machine.
func (e *Engine) Start() {
	e.status = Status{Operation: Idle, NewVersion: noVersion}
	if _, err := os.Stat(e.path(completedMarker)); err == nil {
		e.status.Operation = NeedReboot
		e.markedGood = true // the other slot's turn is next: nothing may change that
	}
}

func (e *Engine) path(name string) string { return filepath.Join(e.Root, name) }

func (e *Engine) prefs() prefs { return prefs{e.path(prefsFolder)} }

// Begin starts a check, and the update if there is one, unless something goes on already. It returns at once; done is called at the end.
func (e *Engine) Begin(ctx context.Context, interactive bool, done func()) {
	e.mutex.Lock()
	operation := e.status.Operation
	if operation == Idle {
		e.status.Operation = Checking
	}
	status := e.status
	e.mutex.Unlock()

	switch operation {
	case NeedReboot:
		log.Print("An update waits for the reboot already: telling the server no more than that the machine lives.")
		go func() { defer done(); e.ping(ctx, interactive) }()
	case Idle:
		e.Notify(status)
		go func() { defer done(); e.attempt(ctx, interactive) }()
	default:
		log.Printf("Not checking: %s.", operation)
		done()
	}
}

// ResetStatus forgets that an update waits for its reboot. The partition table stays as it is.
func (e *Engine) ResetStatus() error {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	switch e.status.Operation {
	case Idle:
		return nil
	case NeedReboot:
		e.status.Operation, e.status.NewVersion, e.status.NewSize = Idle, noVersion, 0
		err := os.Remove(e.path(completedMarker))
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	default:
		return errors.New("the status cannot be reset while it is " + e.status.Operation)
	}
}

// MarkGood says that this boot was a good one: the boot loader need not count tries any more. Once in the life of a boot.
func (e *Engine) MarkGood() {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.markedGood {
		return
	}
	if err := e.Disk.MarkGood(); err != nil {
		log.Printf("The running slot could not be marked as successful: %v", err)
		return
	}
	e.markedGood = true
	log.Printf("This boot is good: the running slot, partition %d, is marked as successful.", e.Disk.Running)
}

func (e *Engine) runPostinstall(ctx context.Context, device, version string) error {
	output, err := exec.CommandContext(ctx, e.Postinstall, device, version).CombinedOutput()
	if len(output) > 0 {
		log.Printf("postinst: %s", output)
	}
	return err
}

func (e *Engine) config() config.Config { return config.Read(e.Root) }
