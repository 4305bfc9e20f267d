package engine

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"coreos-lab/update-engine/fetch"
	"coreos-lab/update-engine/omaha"
	"coreos-lab/update-engine/payload"
	"coreos-lab/update-engine/slots"
)

// So many bytes at most are downloaded twice after a power cut.
const checkpointEvery = 8 * 1024 * 1024

// What is kept about a download that goes on. It belongs to one offer and one slot.
type savedDownload struct {
	Offer string             `json:"offer"`
	Point payload.Checkpoint `json:"point"`
}

// download brings the payload, writes its data into the slot as it comes, and verifies all of it at the end.
func (e *Engine) download(ctx context.Context, session *session, offer omaha.Offer, slot *slots.Writer) (payload.Header, error) {
	decoder := e.resume(session, offer, slot)
	saved := decoder.Position()
	progress := e.progress(offer.Size)
	download := fetch.Download{
		URL: offer.URL, User: session.conf.DownloadUser, Password: session.conf.DownloadPassword,
		Offset: decoder.Position(), Size: offer.Size, Tries: 5, Wait: e.RetryWait, Silence: e.Silence,
	}
	var err error
	if download.Offset < download.Size {
		err = download.Run(ctx, e.HTTP, func(piece []byte) error {
			if _, err := decoder.Write(piece); err != nil {
				return err
			}
			progress(decoder.Position())
			if decoder.Position()-saved < checkpointEvery {
				return nil
			}
			saved = decoder.Position()
			return e.save(offer, decoder, slot)
		})
	}
	if err != nil {
		if omaha.CodeOf(err) == omaha.TransferFailed {
			_ = e.save(offer, decoder, slot)
		}
		return payload.Header{}, err
	}
	return decoder.Header(), decoder.Verify(offer.Size, offer.SHA256, e.Key)
}

// save notes how far the download is. First the data must be on the disk, then the note.
func (e *Engine) save(offer omaha.Offer, decoder *payload.Decoder, slot *slots.Writer) error {
	point, possible := decoder.Checkpoint()
	if !possible {
		return nil
	}
	if err := slot.Sync(); err != nil {
		return err
	}
	note, err := json.Marshal(savedDownload{e.identity(offer), point})
	if err == nil {
		err = e.prefs().set(updateState, string(note))
	}
	if err != nil {
		// The next attempt begins anew, which costs time and nothing else.
		log.Printf("How far the download is could not be noted: %v", err)
	}
	return nil
}

// resume goes on with the download that the notes tell of, if it is the same one; else it begins one.
func (e *Engine) resume(session *session, offer omaha.Offer, slot *slots.Writer) *payload.Decoder {
	note, found := e.prefs().get(updateState)
	var saved savedDownload
	if found && json.Unmarshal([]byte(note), &saved) == nil && saved.Offer == e.identity(offer) && saved.Point.Position < offer.Size {
		if decoder, err := payload.Resume(saved.Point, slot.Put); err == nil {
			log.Printf("Going on with the download at byte %d of %d.", saved.Point.Position, offer.Size)
			session.resumed = true
			return decoder
		}
	}
	e.prefs().remove(updateState)
	return payload.NewDecoder(slot.Put)
}

func (e *Engine) identity(offer omaha.Offer) string {
	text := fmt.Sprintf("%s %d %x %d", offer.URL, offer.Size, offer.SHA256, e.Disk.Passive())
	return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
}

const (
	// DefaultSilence is how long a server may say nothing; DefaultRetryWait the first wait before a download goes on.
	DefaultSilence   = 90 * time.Second
	DefaultRetryWait = time.Second
)
