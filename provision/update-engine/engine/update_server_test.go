package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coreos-lab/update-engine/slots"
)

// The engine and an update server, together: the lab's own, or a real Nebraska when NEBRASKA has its address and NEBRASKA_HOME the folder with
// its packages/. The same must come of both. With RECORD=1, what goes over the wire is written to ../omaha/testdata, from which the tests of the
// protocol read: what is there comes from Nebraska 2.8.6. It is passed by 3.0.0 too.
func TestUpdateServer(t *testing.T) {
	n := &nebraska{t: t, address: os.Getenv("NEBRASKA"), home: os.Getenv("NEBRASKA_HOME")}
	if n.address == "" {
		n.start()
	}
	server := n.address
	one, two, three := n.machine(1), n.machine(2), n.machine(3)
	// Whoever published the wrong file publishes the right one under the same version.
	n.publish("1.1.0", []byte("the wrong file"))
	n.publish("1.1.0", one.payload)
	n.apply("channel", "package=1.1.0")
	n.apply("group")

	// The first machine gets the update, and the server follows it by its events.
	e := one.engine()
	equal(t, "first machine", one.update(e).Operation, NeedReboot)
	_, held := one.boot()
	if !bytes.HasPrefix(held, one.fresh) {
		t.Error("the slot does not hold what was published")
	}
	n.record(one, 0, "check", "offer")
	n.record(one, 1, "started", "event")
	equal(t, "the server has seen", n.history(one), "granted downloading downloaded")

	// The others have to wait for it: one in a period, and the first of a version alone.
	n.throttled(two, "error-maxUpdatesPerPeriodLimitReached")
	n.record(two, 0, "check-held-back", "held-back")
	equal(t, "second machine", n.status(two), "on-hold")
	equal(t, "machines of the group", n.machines(), 2)

	// It comes back with the new version. Only now is the update complete.
	one.reboot("1.1.0", slots.USRB)
	e = one.engine()
	equal(t, "after the reboot", one.update(e).Operation, Idle)
	equal(t, "the server knows", n.history(one), "granted downloading downloaded complete")
	one.requests = nil
	one.update(e)
	n.record(one, 0, "check-later", "noupdate")

	// A paused rollout.
	n.apply("group", "policy_updates_enabled=false")
	n.throttled(three, "error-updatesDisabled")
	n.record(three, 0, "check-paused", "paused")

	// Payload and package do not fit: nobody told the server of the error but the machine.
	n.apply("group", "policy_max_updates_per_period=10", "policy_safe_mode=false")
	spoiled := append([]byte{}, two.payload...)
	spoiled[len(spoiled)/2]++
	n.file("1.1.0", spoiled)
	two.stillOld(two.update(two.engine()))
	equal(t, "second machine", n.status(two), "error")

	// It is right again, and the machine updates without anybody's help.
	n.file("1.1.0", two.payload)
	equal(t, "second machine", two.update(two.engine()).Operation, NeedReboot)
	equal(t, "second machine", n.status(two), "downloaded")

	// The third machine's new version does not come up.
	equal(t, "third machine", three.update(three.engine()).Operation, NeedReboot)
	three.reboot("1.0.0", slots.USRA)
	equal(t, "it is offered again", three.update(three.engine()).Operation, NeedReboot)
	equal(t, "the server was told of the rollback", n.history(three), "granted downloading downloaded error(44) granted downloading downloaded")

	// A group that the server does not know.
	three.reboot("1.0.0", slots.USRA)
	three.file("etc/flatcar/update.conf", "GROUP=nonsense\nSERVER="+server+"/v1/update/\n")
	equal(t, "unknown group", three.update(three.engine()).Operation, Idle)
}

type nebraska struct {
	t             *testing.T
	address, home string
}

// start starts the lab's update server.
func (n *nebraska) start() {
	n.t.Helper()
	n.home = n.t.TempDir()
	program := filepath.Join(n.t.TempDir(), "update_server")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = "../../update/server"
	if output, err := build.CombinedOutput(); err != nil {
		n.t.Fatalf("%v %s", err, output)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		n.t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	server := exec.Command(program, "-listen", address, "-home", n.home)
	if err := server.Start(); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	n.address = "http://" + address
	for try := 0; ; try++ {
		if answer, err := http.Get(n.address + "/health"); err == nil {
			answer.Body.Close()
			return
		}
		if try > 100 {
			n.t.Fatal("the update server does not answer")
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (n *nebraska) machine(number int) *machine {
	m := newMachine(n.t, 2<<20)
	m.file("etc/machine-id", fmt.Sprintf("%032d\n", number))
	m.file("etc/flatcar/update.conf", fmt.Sprintf("GROUP=lab\nSERVER=%s/v1/update/\nMACHINE_ALIAS=core-0%d\n", n.address, number))
	m.client = &http.Client{Transport: wire{m}}
	return m
}

// wire notes what the machine and the server say to each other.
type wire struct{ *machine }

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost {
		return http.DefaultTransport.RoundTrip(r)
	}
	sent, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(sent))
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	said, err := io.ReadAll(answer.Body)
	answer.Body = io.NopCloser(bytes.NewReader(said))
	w.requests = append(w.requests, request{Raw: string(sent), Answer: string(said)})
	return answer, err
}

func (n *nebraska) run(name string, arguments ...string) {
	n.t.Helper()
	command := exec.Command(filepath.Join("../../update", name), arguments...)
	command.Env = append(os.Environ(), "UPDATE_SERVER="+n.address, "UPDATE_HOME="+n.home)
	if output, err := command.CombinedOutput(); err != nil {
		n.t.Fatalf("%s %v: %v\n%s", name, arguments, err, output)
	}
}

func (n *nebraska) apply(kind string, changes ...string) {
	n.t.Helper()
	n.run("apply", append([]string{kind, "../../update/" + kind + ".json"}, changes...)...)
}

func (n *nebraska) publish(version string, payload []byte) {
	n.t.Helper()
	file := filepath.Join(n.t.TempDir(), "payload")
	if err := os.WriteFile(file, payload, 0o644); err != nil {
		n.t.Fatal(err)
	}
	n.run("publish", version, file)
	n.run("publish", version, file) // again: the package is there already
}

func (n *nebraska) file(version string, payload []byte) {
	n.t.Helper()
	path := filepath.Join(n.home, "packages", version, "flatcar_production_update.gz")
	if err := os.WriteFile(path, payload, 0o644); err != nil {
		n.t.Fatal(err)
	}
}

func (n *nebraska) throttled(m *machine, why string) {
	n.t.Helper()
	equal(n.t, "throttled", m.update(m.engine()).Operation, Idle)
	if answer := m.requests[0].Answer; !strings.Contains(answer, why) {
		n.t.Errorf("instead of %s: %s", why, answer)
	}
}

func (n *nebraska) get(path string, into any) {
	n.t.Helper()
	answer, err := http.Get(n.address + "/api/apps/e96281a6-d1af-4bde-9a0a-97b76e56dc57/" + path)
	if err != nil {
		n.t.Fatal(err)
	}
	defer answer.Body.Close()
	// Of a machine of which nothing is known there is no answer.
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil && err != io.EOF {
		n.t.Fatalf("%s: %v", path, err)
	}
}

// What the server calls the states of a machine.
var states = map[int]string{1: "undefined", 2: "granted", 3: "error", 4: "complete", 5: "installed", 6: "downloaded", 7: "downloading", 8: "on-hold"}

// instance asks for what the server knows of a machine.
func (n *nebraska) instance(m *machine, path string, into any) {
	n.t.Helper()
	var groups struct {
		Groups []struct{ ID, Track string } `json:"groups"`
	}
	n.get("groups?perpage=100", &groups)
	for _, group := range groups.Groups {
		if group.Track == "lab" {
			id, _ := os.ReadFile(filepath.Join(m.root, "etc/machine-id"))
			n.get("groups/"+group.ID+"/instances/"+strings.TrimSpace(string(id))+path, into)
		}
	}
}

// machines counts those of the group, as watch and the lab ask for them: a status and a duration are wanted, and no key without a value.
func (n *nebraska) machines() int {
	n.t.Helper()
	var groups struct {
		Groups []struct{ ID, Track string } `json:"groups"`
	}
	n.get("groups?perpage=1000", &groups)
	var list struct{ Instances []any }
	for _, group := range groups.Groups {
		if group.Track == "lab" {
			n.get("groups/"+group.ID+"/instances?status=0&page=1&perpage=100&duration=1d", &list)
		}
	}
	return len(list.Instances)
}

func (n *nebraska) status(m *machine) string {
	n.t.Helper()
	var known struct {
		Application struct{ Status int } `json:"application"`
	}
	n.instance(m, "", &known)
	return states[known.Application.Status]
}

// history is what the server knows of a machine's update, the oldest first. Nebraska 2.8 cannot tell that of a machine that was ever held back.
func (n *nebraska) history(m *machine) string {
	n.t.Helper()
	var entries []struct {
		Status int     `json:"status"`
		Error  *string `json:"error_code"`
	}
	n.instance(m, "/status_history?limit=50", &entries)
	story := []string{}
	for i := len(entries) - 1; i >= 0; i-- {
		word := states[entries[i].Status]
		if entries[i].Status == 3 && entries[i].Error != nil {
			word += "(" + *entries[i].Error + ")"
		}
		story = append(story, word)
	}
	return strings.Join(story, " ")
}

func (n *nebraska) record(m *machine, i int, sent, said string) {
	if os.Getenv("RECORD") == "" {
		return
	}
	clean := func(text string) []byte {
		return append([]byte(strings.ReplaceAll(text, n.address, "http://127.0.0.1:8000")), '\n')
	}
	for name, text := range map[string]string{"sent-" + sent: m.requests[i].Raw, "nebraska-" + said: m.requests[i].Answer} {
		if err := os.WriteFile("../omaha/testdata/"+name+".xml", clean(text), 0o644); err != nil {
			n.t.Fatal(err)
		}
	}
}
