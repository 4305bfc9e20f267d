package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	mathrand "math/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"coreos-lab/update-engine/payload"
	"coreos-lab/update-engine/slots"
)

const usrType = "5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6"

// A machine to be updated: a disk with a real partition table, slots that are files, an update server.
type machine struct {
	t       *testing.T
	root    string
	old     []byte // what the running slot holds
	fresh   []byte // what the update brings
	key     *rsa.PrivateKey
	payload []byte
	disk    slots.Disk
	server  *httptest.Server
	client  *http.Client
	seen    []Status

	mutex    sync.Mutex
	requests []request
	ranges   []string
	// What the server does, if not what it should.
	answer  func(w http.ResponseWriter, r request) bool
	serve   func(w http.ResponseWriter, r *http.Request) bool
	size    int64
	hash    []byte
	version string
}

// What the server understood of a request.
type request struct {
	Raw, Answer   string `xml:"-"`
	InstallSource string `xml:"installsource,attr"`
	App           struct {
		Version     string    `xml:"version,attr"`
		Ping        *struct{} `xml:"ping"`
		UpdateCheck *struct{} `xml:"updatecheck"`
		Event       *struct {
			Type     string  `xml:"eventtype,attr"`
			Result   string  `xml:"eventresult,attr"`
			Error    string  `xml:"errorcode,attr"`
			Previous *string `xml:"previousversion,attr"`
		} `xml:"event"`
	} `xml:"app"`
}

// story is a request in one word.
func (r request) story() string {
	words := []string{}
	if r.App.UpdateCheck != nil {
		words = append(words, "check")
	} else if r.App.Ping != nil {
		words = append(words, "ping")
	}
	if event := r.App.Event; event != nil {
		word := event.Type + "." + event.Result
		if event.Error != "" {
			word += " error " + event.Error
		}
		if event.Previous != nil {
			word += fmt.Sprintf(" after %q", *event.Previous)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

var keys = func() func(int) *rsa.PrivateKey {
	made := map[int]*rsa.PrivateKey{}
	return func(n int) *rsa.PrivateKey {
		if made[n] == nil {
			made[n], _ = rsa.GenerateKey(rand.Reader, 2048)
		}
		return made[n]
	}
}()

func newMachine(t *testing.T, size int) *machine {
	t.Helper()
	m := &machine{t: t, root: t.TempDir(), key: keys(0), version: "1.1.0"}
	m.old, m.fresh = noise(1, size), noise(2, size)
	m.layDisk()
	m.payload = m.pack(m.fresh, m.key)
	m.size = int64(len(m.payload))
	sum := sha256.Sum256(m.payload)
	m.hash = sum[:]
	m.server = httptest.NewServer(http.HandlerFunc(m.handle))
	t.Cleanup(m.server.Close)
	m.client = m.server.Client()
	m.file("etc/flatcar/update.conf", "GROUP=lab\nSERVER="+m.server.URL+"/v1/update/\n")
	m.file("usr/share/flatcar/release", "FLATCAR_RELEASE_VERSION=1.0.0\nFLATCAR_RELEASE_BOARD=amd64-usr\n")
	m.file("etc/machine-id", "0123456789abcdef0123456789abcdef\n")
	m.file("proc/sys/kernel/random/boot_id", "11111111-2222-3333-4444-555555555555\n")
	m.file("run/x", "")
	m.program("postinst", "exit 0")
	return m
}

func (m *machine) layDisk() {
	m.disk = slots.Disk{Path: filepath.Join(m.root, "disk"), Running: slots.USRA, Devices: map[int]string{
		slots.USRA: filepath.Join(m.root, "usr-a"), slots.USRB: filepath.Join(m.root, "usr-b"),
	}}
	m.file("disk", "")
	if err := os.Truncate(m.disk.Path, 1<<20); err != nil {
		m.t.Fatal(err)
	}
	m.file("usr-a", string(m.old))
	m.file("usr-b", strings.Repeat("x", len(m.fresh)+100000))
	for _, command := range [][]string{
		{"create"},
		{"add", "-i", "3", "-b", "100", "-s", "10", "-t", usrType, "-l", "USR-A", "-P", "2", "-T", "0", "-S", "1"},
		{"add", "-i", "4", "-b", "110", "-s", "10", "-t", usrType, "-l", "USR-B", "-P", "1", "-T", "0", "-S", "1"},
	} {
		if output, err := exec.Command("cgpt", append(command, m.disk.Path)...).CombinedOutput(); err != nil {
			m.t.Fatalf("cgpt, of the Debian package of that name, is needed: %v %s", err, output)
		}
	}
}

func (m *machine) pack(data []byte, key *rsa.PrivateKey) []byte {
	var out bytes.Buffer
	if err := payload.Write(&out, "1.1.0", bytes.NewReader(data), key); err != nil {
		m.t.Fatal(err)
	}
	return out.Bytes()
}

func (m *machine) file(name, text string) {
	path := filepath.Join(m.root, name)
	_ = os.MkdirAll(filepath.Dir(path), 0o755)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) program(name, text string) {
	m.file(name, "#!/bin/sh\n"+text+"\n")
	_ = os.Chmod(filepath.Join(m.root, name), 0o755)
}

func (m *machine) engine() *Engine {
	e := &Engine{
		Root: m.root, Disk: m.disk, Key: &m.key.PublicKey, HTTP: m.client, Postinstall: filepath.Join(m.root, "postinst"),
		Silence: 5 * time.Second, RetryWait: time.Millisecond,
		Notify: func(s Status) { m.seen = append(m.seen, s) },
	}
	e.Start()
	return e
}

// update is one interactive attempt, from beginning to end.
func (m *machine) update(e *Engine) Status {
	m.t.Helper()
	done := make(chan struct{})
	e.Begin(context.Background(), true, func() { close(done) })
	select {
	case <-done:
	case <-time.After(60 * time.Second):
		m.t.Fatal("the attempt does not end")
	}
	return e.Status()
}

func (m *machine) handle(w http.ResponseWriter, r *http.Request) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/v1/update/":
		body, _ := io.ReadAll(r.Body)
		var parsed request
		if err := xml.Unmarshal(body, &parsed); err != nil || r.Header.Get("Content-Type") != "text/xml" {
			m.t.Errorf("no request: %v %s", err, body)
		}
		parsed.Raw = string(body)
		m.requests = append(m.requests, parsed)
		if m.answer == nil || !m.answer(w, parsed) {
			m.offer(w, parsed)
		}
	case r.Method == http.MethodGet && r.URL.Path == "/flatcar/update.gz":
		m.ranges = append(m.ranges, r.Header.Get("Range"))
		if m.serve == nil || !m.serve(w, r) {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(m.payload))
		}
	default:
		m.t.Errorf("unplanned: %s %s", r.Method, r.URL)
		http.Error(w, "unplanned", 400)
	}
}

func (m *machine) offer(w io.Writer, r request) {
	if r.App.UpdateCheck == nil {
		fmt.Fprint(w, `<response protocol="3.0"><app appid="x" status="ok"><event status="ok"></event></app></response>`)
		return
	}
	fmt.Fprintf(w, `<response protocol="3.0" server="test"><daystart elapsed_seconds="0"/><app appid="x" status="ok">
	<updatecheck status="ok"><urls><url codebase="%s/flatcar"/></urls><manifest version="%s"><packages>
	<package hash="unused" name="update.gz" size="%d" required="true"/></packages><actions>
	<action event="postinstall" sha256="%s" DisablePayloadBackoff="true"/></actions></manifest></updatecheck></app></response>`,
		m.server.URL, m.version, m.size, base64.StdEncoding.EncodeToString(m.hash))
}

func (m *machine) stories() []string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	stories := []string{}
	for _, r := range m.requests {
		stories = append(stories, r.story())
	}
	return stories
}

func (m *machine) attributes(slot int) string {
	a, err := m.disk.Read(slot)
	if err != nil {
		m.t.Fatal(err)
	}
	return a.String()
}

// bootable is what the boot loader would start: the contents of the slot that it chooses by its rule.
func (m *machine) boot() (int, []byte) {
	m.t.Helper()
	best, priority := 0, -1
	for _, slot := range []int{slots.USRA, slots.USRB} {
		a, err := m.disk.Read(slot)
		if err != nil {
			m.t.Fatal(err)
		}
		if a.Bootable() && a.Priority > priority {
			best, priority = slot, a.Priority
		}
	}
	if best == 0 {
		m.t.Fatal("no slot can be booted")
	}
	held, err := os.ReadFile(m.disk.Devices[best])
	if err != nil {
		m.t.Fatal(err)
	}
	return best, held
}

func noise(seed int64, size int) []byte {
	data := make([]byte, size)
	mathrand.New(mathrand.NewSource(seed)).Read(data)
	return data
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}
