package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"math/rand"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"coreos-lab/update-engine/payload"
	"coreos-lab/update-engine/slots"
)

func hashOf(p []byte) []byte {
	sum := sha256.Sum256(p)
	return sum[:]
}

// The test binary is also the process that is killed.
func TestMain(m *testing.M) {
	if root := os.Getenv("UPDATE_ENGINE_TEST_ROOT"); root != "" {
		child(root)
	}
	os.Exit(m.Run())
}

func child(root string) {
	text, _ := os.ReadFile(filepath.Join(root, "key.pem"))
	key, err := payload.PublicKey(text)
	if err != nil {
		os.Exit(3)
	}
	disk := slots.Disk{Path: filepath.Join(root, "disk"), Running: slots.USRA, Devices: map[int]string{
		slots.USRA: filepath.Join(root, "usr-a"), slots.USRB: filepath.Join(root, "usr-b"),
	}}
	e := &Engine{Root: root, Disk: disk, Key: key, HTTP: &http.Client{}, Postinstall: filepath.Join(root, "postinst"),
		Notify: func(Status) {}, Silence: time.Minute, RetryWait: time.Millisecond}
	e.Start()
	done := make(chan struct{})
	e.Begin(context.Background(), false, func() { close(done) })
	<-done
	if e.Status().Operation != NeedReboot {
		os.Exit(4)
	}
	os.Exit(0)
}

// Killed again and again at any moment, the update ends some time, and at every moment a whole version would boot.
func TestKilledAtAnyMoment(t *testing.T) {
	m := newMachine(t, 24<<20)
	der, _ := x509.MarshalPKIXPublicKey(&m.key.PublicKey)
	m.file("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	// Not faster than a disk, so that there is a middle.
	m.serve = func(w http.ResponseWriter, r *http.Request) bool {
		http.ServeContent(slow{w}, r, "", time.Time{}, bytes.NewReader(m.payload))
		return true
	}
	kills, whole := 0, 0
	random := rand.New(rand.NewSource(time.Now().UnixNano()))
	for deadline := time.Now().Add(60 * time.Second); ; {
		process := exec.Command(os.Args[0])
		process.Env = append(os.Environ(), "UPDATE_ENGINE_TEST_ROOT="+m.root)
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		// Later and later, so that no part of the update is never reached.
		span := time.Duration(20+kills*12) * time.Millisecond
		timer := time.AfterFunc(time.Duration(random.Int63n(int64(span))), func() { _ = process.Process.Kill() })
		err := process.Wait()
		timer.Stop()

		slot, held := m.boot()
		switch {
		case slot == slots.USRA && bytes.Equal(held, m.old):
		case slot == slots.USRB && bytes.HasPrefix(held, m.fresh):
			whole++
		default:
			t.Fatalf("after %d kills partition %d would be booted, and holds no whole version", kills, slot)
		}
		if err == nil {
			break
		}
		if process.ProcessState.ExitCode() >= 0 {
			t.Fatalf("the engine ended by itself: %v", err)
		}
		kills++
		if time.Now().After(deadline) {
			t.Fatalf("not updated after %d kills", kills)
		}
	}
	slot, _ := m.boot()
	equal(t, "the next version", slot, slots.USRB)
	resumed := 0
	for _, asked := range m.ranges {
		if asked != "" {
			resumed++
		}
	}
	t.Logf("%d kills, %d downloads of which %d went on where one was", kills, len(m.ranges), resumed)
	if kills == 0 || resumed == 0 {
		t.Error("nothing was killed in the middle")
	}
}

type slow struct{ http.ResponseWriter }

func (s slow) Write(p []byte) (int, error) {
	for done := 0; done < len(p); {
		end := done + 64*1024
		if end > len(p) {
			end = len(p)
		}
		n, err := s.ResponseWriter.Write(p[done:end])
		done += n
		if err != nil {
			return done, err
		}
		time.Sleep(500 * time.Microsecond)
	}
	return len(p), nil
}
