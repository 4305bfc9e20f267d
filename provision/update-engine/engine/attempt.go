package engine

import (
	"context"
	"log"
	"os"
	"time"

	"coreos-lab/update-engine/config"
	"coreos-lab/update-engine/omaha"
	"coreos-lab/update-engine/slots"
)

// attempt is one check and, if the server has something, the whole update:
//
//	ask the server                           an event says which version ran before, or that the last update fell back
//	retire the passive slot                  from here on it cannot be booted
//	event 13.1, download into the slot
//	event 14.1, verify                       size, hash and signature; then what the disk really holds
//	postinst, switch                         the slot is tried at the next boot, once
//	event 3.1, wait for the reboot           locksmith sees the status and cares for it
//
// Whatever fails ends in event 3.0 with the reason. The slot that runs is not touched by any of it.
func (e *Engine) attempt(ctx context.Context, interactive bool) {
	// What runs has come so far: it is good, and must be known to be so before the other slot is given up.
	e.MarkGood()
	conf := e.config()
	session := &session{engine: e, conf: conf, interactive: interactive}
	offer, err := session.check(ctx)
	if err == nil && !offer.Exists {
		log.Print("The server has no update.")
		e.enter(Idle)
		return
	}
	if err == nil {
		err = e.install(ctx, session, offer)
	}
	if err != nil {
		e.fail(ctx, session, err)
		return
	}
	log.Printf("Version %s is in place and waits for the reboot.", offer.Version)
	e.enter(NeedReboot)
}

func (e *Engine) install(ctx context.Context, session *session, offer omaha.Offer) error {
	log.Printf("The server offers version %s, %d bytes, at %s.", offer.Version, offer.Size, offer.URL)
	e.update(func(s *Status) { s.Operation, s.NewVersion, s.NewSize = Available, offer.Version, offer.Size })

	// If neither slot could be booted, a power cut would be the end.
	if running, err := e.Disk.Read(e.Disk.Running); err != nil || running.Successful != 1 {
		return omaha.Failed(omaha.SlotOpenFailed, "the running slot is not known to be good (%v, %v), so the other one is kept", running, err)
	}
	target := e.Disk.Passive()
	if err := e.Disk.Retire(target); err != nil {
		return omaha.Failed(omaha.SlotOpenFailed, "the passive slot could not be taken out of the choice: %w", err)
	}
	slot, err := slots.Open(e.Disk.Devices[target])
	if err != nil {
		return err
	}
	defer slot.Close()

	session.report(ctx, omaha.DownloadStarted)
	header, err := e.download(ctx, session, offer, slot)
	if err != nil {
		return err
	}
	e.update(func(s *Status) { s.Operation, s.Progress = Finalizing, 0 })
	session.report(ctx, omaha.DownloadFinished)

	if err := slot.Check(header.Size, header.SHA256); err != nil {
		return err
	}
	if err := e.runPostinstall(ctx, e.Disk.Devices[target], header.Version); err != nil {
		return omaha.Failed(omaha.PostinstallFailed, "postinst refuses the new slot: %w", err)
	}
	if err := e.switchSlots(session.conf.Version); err != nil {
		return err
	}
	session.report(ctx, omaha.UpdateComplete)
	return nil
}

// switchSlots is the moment from which the next boot is another one. What is remembered about it comes first: when the version that
// ran before is the one that runs after, the update has fallen back.
func (e *Engine) switchSlots(running string) error {
	e.prefs().remove(updateState)
	if err := e.prefs().set(previousVersion, running); err != nil {
		return omaha.Failed(omaha.Failure, "the version that runs could not be noted: %w", err)
	}
	if err := e.Disk.TryNext(); err != nil {
		_ = e.prefs().set(previousVersion, "")
		return omaha.Failed(omaha.PostinstallFailed, "the new slot could not be made the next one: %w", err)
	}
	if err := os.WriteFile(e.path(completedMarker), nil, 0o644); err != nil {
		return omaha.Failed(omaha.Failure, "the update could not be noted as complete: %w", err)
	}
	return nil
}

func (e *Engine) fail(ctx context.Context, session *session, err error) {
	code := omaha.CodeOf(err)
	log.Printf("Update failed: %v", err)
	// After a break of the network the next attempt goes on where this one was; after anything else it begins anew.
	if code != omaha.TransferFailed {
		e.prefs().remove(updateState)
	}
	if session.conf.Server != config.ProductionServer {
		code |= omaha.OtherServerFlag
	}
	if session.resumed {
		code |= omaha.ResumedFlag
	}
	e.update(func(s *Status) { s.Operation, s.Progress = ReportingError, 0 })
	session.report(ctx, omaha.UpdateFailed(code))
	e.update(func(s *Status) { s.Operation, s.NewVersion, s.NewSize = Idle, noVersion, 0 })
}

func (e *Engine) ping(ctx context.Context, interactive bool) {
	session := &session{engine: e, conf: e.config(), interactive: interactive}
	session.ping(ctx)
	// Said again, for a locksmith that was not there when it was said first.
	e.enter(NeedReboot)
}

// progress tells how far a download is, at each percent and every ten seconds.
func (e *Engine) progress(size int64) func(position int64) {
	var told float64
	var at time.Time
	return func(position int64) {
		share := float64(position) / float64(size)
		if !at.IsZero() && position != size && share-told < 0.01 && time.Since(at) < 10*time.Second {
			return
		}
		told, at = share, time.Now()
		e.update(func(s *Status) { s.Operation, s.Progress = Downloading, share })
	}
}
