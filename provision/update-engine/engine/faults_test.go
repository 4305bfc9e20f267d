package engine

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"coreos-lab/update-engine/slots"
)

// failure is an error code as the server is told it: with the flag that says the server is not Flatcar's.
func failure(code int) string { return fmt.Sprintf("error %d", code|1<<28) }

func noUpdate(w http.ResponseWriter, _ request) bool {
	fmt.Fprint(w, `<response protocol="3.0"><app appid="x" status="ok"><ping status="ok"/><updatecheck status="noupdate"/></app></response>`)
	return true
}

func (m *machine) set(slot int, options ...string) {
	m.t.Helper()
	arguments := append([]string{"add", "-i", strconv.Itoa(slot)}, options...)
	if output, err := exec.Command("cgpt", append(arguments, m.disk.Path)...).CombinedOutput(); err != nil {
		m.t.Fatalf("%v %s", err, output)
	}
}

// Whatever is wrong with a payload or on the way of it, the slot is given up, the server is told why, and the old version would boot.
func TestFaultsOfThePayload(t *testing.T) {
	cases := map[string]struct {
		code   int
		events []string
		spoil  func(m *machine)
	}{
		"the server promises a byte less":   {11, nil, func(m *machine) { m.size-- }},
		"the server promises more":          {9, nil, func(m *machine) { m.size += 10 }},
		"the server promises another hash":  {10, nil, func(m *machine) { m.hash = bytes.Repeat([]byte{7}, 32) }},
		"a byte was changed on the way":     {10, nil, func(m *machine) { m.payload[len(m.payload)/2]++ }},
		"signed by somebody else":           {12, nil, func(m *machine) { m.promise(m.pack(m.fresh, keys(1))) }},
		"signature changed, hash to match":  {12, nil, func(m *machine) { m.promise(tail(m.payload)) }},
		"signature missing":                 {12, nil, func(m *machine) { m.promise(m.payload[:len(m.payload)-256]) }},
		"signature too long":                {12, nil, func(m *machine) { m.promise(append(append([]byte{}, m.payload...), 0)) }},
		"data short of what its header has": {12, nil, func(m *machine) { m.promise(m.payload[:len(m.payload)-5000]) }},
		"another kind of file":              {21, nil, func(m *machine) { m.promise(append([]byte("BZh91AY&SY"), m.payload...)) }},
		"a payload of Flatcar":              {21, nil, func(m *machine) { m.promise(append([]byte("CrAU\x00\x00\x00\x00\x00\x00\x00\x01"), m.payload...)) }},
		"a file of one byte":                {21, nil, func(m *machine) { m.promise([]byte("X")) }},
		"an endless header": {23, nil, func(m *machine) {
			m.promise(append(append([]byte{}, m.payload[:12]...), bytes.Repeat([]byte{255}, 99)...))
		}},
		"a header that is none":  {23, nil, func(m *machine) { m.promise(bytes.Replace(m.payload, []byte(`{"version"`), []byte(`["version"`), 1)) }},
		"larger than the slot":   {13, nil, func(m *machine) { _ = os.Truncate(m.disk.Devices[slots.USRB], 1000) }},
		"no slot":                {7, []string{`check 3.2 after "0.0.0.0"`, "3.0 " + failure(7)}, func(m *machine) { _ = os.Remove(m.disk.Devices[slots.USRB]) }},
		"not found":              {9, nil, func(m *machine) { m.serve = status(404) }},
		"server broken for good": {9, nil, func(m *machine) { m.serve = status(500) }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, 1<<20)
			c.spoil(m)
			end := m.update(m.engine())
			events := c.events
			if events == nil {
				events = []string{`check 3.2 after "0.0.0.0"`, "13.1", "3.0 " + failure(c.code)}
			}
			equal(t, "events", m.stories(), events)
			m.stillOld(end)
			equal(t, "the last but one is told", m.seen[len(m.seen)-2].Operation, ReportingError)
		})
	}
}

func (m *machine) promise(p []byte) {
	m.payload, m.size = p, int64(len(p))
	m.hash = hashOf(p)
}

func status(code int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		http.Error(w, "no", code)
		return true
	}
}

func tail(p []byte) []byte {
	changed := append([]byte{}, p...)
	changed[len(changed)-1]++
	return changed
}

func TestFaultsOfTheServer(t *testing.T) {
	cases := map[string]struct {
		code   int
		answer func(w http.ResponseWriter, r request) bool
	}{
		"overloaded": {2503, func(w http.ResponseWriter, _ request) bool { http.Error(w, "", 503); return true }},
		"empty":      {30, func(w http.ResponseWriter, _ request) bool { return true }},
		"no XML":     {31, func(w http.ResponseWriter, _ request) bool { fmt.Fprint(w, "Welcome!"); return true }},
		"held back": {34, func(w http.ResponseWriter, _ request) bool {
			fmt.Fprint(w, `<response><app status="error-maxUpdatesPerPeriodLimitReached"><updatecheck status="error-internal"/></app></response>`)
			return true
		}},
		"no word of an update": {34, func(w http.ResponseWriter, _ request) bool {
			fmt.Fprint(w, `<response><app status="error-updateInProgressOnInstance"></app></response>`)
			return true
		}},
		"no hash": {34, func(w http.ResponseWriter, _ request) bool {
			fmt.Fprint(w, `<response><app><updatecheck status="ok"><urls><url codebase="http://x/"/></urls><manifest version="2"><packages><package name="a" size="1"/></packages><actions><action event="postinstall" sha256=""/></actions></manifest></updatecheck></app></response>`)
			return true
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, 1000)
			m.answer = func(w http.ResponseWriter, r request) bool { return r.App.UpdateCheck != nil && c.answer(w, r) }
			end := m.update(m.engine())
			equal(t, "events", m.stories(), []string{`check 3.2 after "0.0.0.0"`, "3.0 " + failure(c.code)})
			equal(t, "end", end.Operation, Idle)
			equal(t, "the passive slot is as it was", m.attributes(slots.USRB), "priority=1 tries=0 successful=1")
		})
	}
	for name, server := range map[string]string{"switched off": "disabled", "dead": "http://127.0.0.1:1/"} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, 1000)
			m.file("etc/flatcar/update.conf", "SERVER="+server+"\n")
			end := m.update(m.engine())
			equal(t, "end", end, Status{Operation: Idle, NewVersion: "0.0.0"})
			equal(t, "the boot is marked as good all the same", m.attributes(slots.USRA), "priority=2 tries=0 successful=1")
		})
	}
}

func TestCutsOfTheNetwork(t *testing.T) {
	m := newMachine(t, 4<<20)
	cuts := 0
	m.serve = func(w http.ResponseWriter, r *http.Request) bool {
		cuts++
		if cuts > 4 {
			return false
		}
		// A part of what was asked for, and the connection breaks.
		var first int
		_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &first)
		w.Header().Set("Content-Length", strconv.Itoa(len(m.payload)-first))
		if first > 0 {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, len(m.payload)-1, len(m.payload)))
			w.WriteHeader(http.StatusPartialContent)
		}
		_, _ = w.Write(m.payload[first : first+700000])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	equal(t, "end", m.update(m.engine()).Operation, NeedReboot)
	equal(t, "one download", m.stories(), []string{`check 3.2 after "0.0.0.0"`, "13.1", "14.1", "3.1"})
	equal(t, "asked", len(m.ranges), 5)
	position := -1
	for i, asked := range m.ranges {
		var first int
		_, _ = fmt.Sscanf(asked, "bytes=%d-", &first)
		if i > 0 && first <= position {
			t.Errorf("try %d begins at %d, the one before at %d", i, first, position)
		}
		position = first
	}
}

func TestGoesOnInTheNextAttempt(t *testing.T) {
	m := newMachine(t, 3<<20)
	m.serve = func(w http.ResponseWriter, _ *http.Request) bool {
		if len(m.ranges) > 1 {
			http.Error(w, "", 502)
			return true
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(m.payload)))
		_, _ = w.Write(m.payload[:2000000])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	m.stillOld(m.update(m.engine()))
	equal(t, "events", m.stories(), []string{`check 3.2 after "0.0.0.0"`, "13.1", "3.0 " + failure(9)})
	m.serve, m.ranges = nil, nil
	equal(t, "end", m.update(m.engine()).Operation, NeedReboot)
	if len(m.ranges) != 1 || !strings.HasPrefix(m.ranges[0], "bytes=") || m.ranges[0] < "bytes=1000000-" {
		t.Errorf("the second attempt asks for %q", m.ranges)
	}

	// Something else on offer is another download.
	m = newMachine(t, 3<<20)
	m.serve = func(w http.ResponseWriter, r *http.Request) bool {
		return len(m.ranges) > 1 && status(502)(w, r) || cut(m, w)
	}
	m.update(m.engine())
	m.serve, m.ranges = nil, nil
	m.promise(m.pack(noise(3, 3<<20), m.key))
	m.fresh = noise(3, 3<<20)
	equal(t, "end", m.update(m.engine()).Operation, NeedReboot)
	equal(t, "asked", m.ranges, []string{""})
}

func cut(m *machine, w http.ResponseWriter) bool {
	w.Header().Set("Content-Length", strconv.Itoa(len(m.payload)))
	_, _ = w.Write(m.payload[:2000000])
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// What was written before the break is not there any more: the whole is noticed to be wrong, and the next attempt is a new one.
func TestSlotDamagedMeanwhile(t *testing.T) {
	m := newMachine(t, 3<<20)
	m.serve = func(w http.ResponseWriter, r *http.Request) bool {
		return len(m.ranges) > 1 && status(502)(w, r) || cut(m, w)
	}
	m.update(m.engine())
	m.serve, m.ranges = nil, nil
	m.file("usr-b", strings.Repeat("y", 4<<20))
	m.stillOld(m.update(m.engine()))
	stories := m.stories()
	equal(t, "told", stories[len(stories)-1], fmt.Sprintf("3.0 error %d", 15|1<<28|1<<30))
	equal(t, "then", m.update(m.engine()).Operation, NeedReboot)
	equal(t, "asked", m.ranges[1], "")
}

func TestSlotThatCannotBeWritten(t *testing.T) {
	m := newMachine(t, 3<<20)
	// The disk refuses everything from the second mebibyte on.
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limit := before
	limit.Cur = 1 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	end := m.update(m.engine())
	_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)
	equal(t, "events", m.stories(), []string{`check 3.2 after "0.0.0.0"`, "13.1", "3.0 " + failure(14)})
	m.stillOld(end)
}

func TestSilentServer(t *testing.T) {
	m := newMachine(t, 1<<20)
	m.serve = func(w http.ResponseWriter, r *http.Request) bool {
		if len(m.ranges) > 1 {
			return false
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(m.payload)))
		_, _ = w.Write(m.payload[:100000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	}
	e := m.engine()
	e.Silence = 300 * time.Millisecond
	equal(t, "end", m.update(e).Operation, NeedReboot)
	equal(t, "asked again from where it was", m.ranges[1], "bytes=100000-")
}
