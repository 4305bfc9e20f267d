package engine

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"time"

	"coreos-lab/update-engine/config"
	"coreos-lab/update-engine/omaha"
)

// session is the talk with the server in one attempt.
type session struct {
	engine      *Engine
	conf        config.Config
	interactive bool
	resumed     bool
}

// More than any answer has.
const answerMax = 1024 * 1024

// check asks for an update, and tells what has become of the last one.
func (s *session) check(ctx context.Context) (omaha.Offer, error) {
	e := s.engine
	previous, found := e.prefs().get(previousVersion)
	if !found {
		previous = "0.0.0.0"
	}
	event := omaha.AfterReboot(previous)
	if previous != "" && previous == s.conf.Version {
		log.Printf("Rollback detected: version %s still runs after an update.", previous)
		event = omaha.UpdateFailed(omaha.RolledBack)
	}
	// Told once, as Flatcar's engine does, whether or not it arrives.
	if err := e.prefs().set(previousVersion, ""); err != nil {
		log.Printf("The previous version could not be forgotten: %v", err)
	}
	status, body, err := s.post(ctx, omaha.Check, &event)
	e.noteAnswer(status, 0)
	if err != nil {
		return omaha.Offer{}, err
	}
	offer, err := omaha.ParseResponse(body)
	e.noteAnswer(status, offer.PollInterval)
	if err == nil {
		e.update(func(st *Status) { st.LastChecked = time.Now().Unix() })
	}
	return offer, err
}

// report sends an event. The update goes on if the server does not hear it.
func (s *session) report(ctx context.Context, event omaha.Event) {
	if _, _, err := s.post(ctx, omaha.Report, &event); err != nil {
		log.Printf("The server was not told of event %d.%d: %v", event.Type, event.Result, err)
	}
}

func (s *session) ping(ctx context.Context) {
	if _, _, err := s.post(ctx, omaha.Ping, nil); err != nil {
		log.Printf("The server does not hear that the machine lives: %v", err)
	}
}

func (s *session) post(ctx context.Context, kind omaha.Kind, event *omaha.Event) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.engine.Silence)
	defer cancel()
	body := omaha.Request(kind, s.conf, s.aleph(), s.interactive, event)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.conf.Server, bytes.NewReader(body))
	if err != nil {
		return 0, nil, omaha.Failed(omaha.HTTPStatus, "SERVER=%s is no address: %w", s.conf.Server, err)
	}
	request.Header.Set("Content-Type", "text/xml")
	answer, err := s.engine.HTTP.Do(request)
	if err != nil {
		return 0, nil, omaha.Failed(omaha.HTTPStatus, "no answer from the update server: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, answerMax))
	if err != nil {
		return 0, nil, omaha.Failed(omaha.HTTPStatus, "the update server's answer broke off: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return answer.StatusCode, nil, omaha.Failed(omaha.HTTPStatus+omaha.Code(answer.StatusCode), "the update server answers %s", answer.Status)
	}
	return answer.StatusCode, text, nil
}

// aleph is the version that the machine was installed with, noted when it is asked for the first time.
func (s *session) aleph() string {
	known, found := s.engine.prefs().get(alephVersion)
	if found {
		return known
	}
	if err := s.engine.prefs().set(alephVersion, s.conf.Version); err != nil {
		log.Printf("The installed version could not be noted: %v", err)
	}
	return s.conf.Version
}
