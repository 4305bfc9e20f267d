// Package fetch brings a file over HTTP, and goes on where it was when the connection breaks.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"time"

	"coreos-lab/update-engine/omaha"
)

// Download is one file to be brought.
type Download struct {
	URL, User, Password string
	// The first byte that is wanted, and how many the file has.
	Offset, Size int64
	// Tries in a row that brought nothing before it is given up, and the wait before the second, which doubles.
	Tries int
	Wait  time.Duration
	// A connection that is silent for so long counts as broken.
	Silence time.Duration
}

// A wrong answer to what is asked for does not become right by asking again.
type refusal struct{ error }

// Run passes each piece to take, whose errors end it. What the network does wrong ends in omaha.TransferFailed after the last try.
func (d Download) Run(ctx context.Context, client *http.Client, take func([]byte) error) error {
	wait := d.Wait
	for try := 1; ; try++ {
		before := d.Offset
		err := d.once(ctx, client, take)
		if err == nil || ctx.Err() != nil {
			return err
		}
		var own *omaha.Error
		var final refusal
		if errors.As(err, &own) {
			return err
		}
		if d.Offset > before {
			try, wait = 1, d.Wait
		}
		if errors.As(err, &final) || try >= d.Tries {
			return omaha.Failed(omaha.TransferFailed, "%s could not be downloaded, byte %d of %d: %w", d.URL, d.Offset, d.Size, err)
		}
		log.Printf("Download stopped at byte %d of %d (%v); going on from there in %v.", d.Offset, d.Size, err, wait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		wait *= 2
	}
}

func (d *Download) once(ctx context.Context, client *http.Client, take func([]byte) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watch := time.AfterFunc(d.Silence, cancel)
	defer watch.Stop()

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.URL, nil)
	if err != nil {
		return refusal{err}
	}
	if d.User != "" {
		request.SetBasicAuth(d.User, d.Password)
	}
	if d.Offset > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.Offset))
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if err := d.findPlace(answer); err != nil {
		return err
	}
	buffer := make([]byte, 256*1024)
	for {
		count, err := answer.Body.Read(buffer)
		watch.Reset(d.Silence)
		if count > 0 {
			if err := take(buffer[:count]); err != nil {
				return err
			}
			d.Offset += int64(count)
		}
		switch {
		case d.Offset > d.Size:
			return omaha.Failed(omaha.SizeMismatch, "the server sends more than the %d bytes that it promised", d.Size)
		case err == io.EOF && d.Offset == d.Size:
			return nil
		case err == io.EOF:
			return fmt.Errorf("the server ended at byte %d of %d", d.Offset, d.Size)
		case err != nil:
			return err
		}
	}
}

// findPlace makes the body begin with the byte that is wanted. A server that knows no ranges sends all of it again.
func (d *Download) findPlace(answer *http.Response) error {
	switch {
	case answer.StatusCode == http.StatusOK && d.Offset == 0:
		return nil
	case answer.StatusCode == http.StatusOK:
		_, err := io.CopyN(io.Discard, answer.Body, d.Offset)
		return err
	case answer.StatusCode == http.StatusPartialContent && d.Offset > 0:
		var first int64
		if _, err := fmt.Sscanf(answer.Header.Get("Content-Range"), "bytes %d-", &first); err != nil || first != d.Offset {
			return refusal{fmt.Errorf("asked for the bytes from %d on, the server sends %q", d.Offset, answer.Header.Get("Content-Range"))}
		}
		return nil
	case answer.StatusCode >= 500:
		return fmt.Errorf("the server answers %s", answer.Status)
	default:
		return refusal{fmt.Errorf("the server answers %s", answer.Status)}
	}
}
