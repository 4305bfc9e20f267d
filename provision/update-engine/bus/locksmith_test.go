package bus

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"coreos-lab/update-engine/engine"
)

// The real locksmith, with this engine on its bus and a real etcd. scripts/test-go builds it and sets LOCKSMITHCTL.

// login stands in for systemd's logind: it only counts.
type login struct{ reboots chan bool }

func (l login) Reboot(interactive bool) *dbus.Error { l.reboots <- interactive; return nil }

func TestLocksmith(t *testing.T) {
	program := os.Getenv("LOCKSMITHCTL")
	if program == "" {
		t.Skip("needs locksmith: LOCKSMITHCTL is not set")
	}
	// Where the system's bus is: a part of locksmith looks nowhere else. scripts/test-go gives the test a /run of its own.
	if err := os.Mkdir("/run/dbus", 0o755); err != nil {
		t.Fatal(err)
	}
	startBusAt(t, "unix:path=/run/dbus/system_bus_socket")
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "")
	e := serve(t)
	reboots := startLogin(t)
	startEtcd(t)
	lock := func(arguments ...string) string {
		t.Helper()
		output, err := exec.Command(program, append([]string{"-endpoint", etcd}, arguments...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("locksmithctl %v: %v\n%s", arguments, err, output)
		}
		return strings.TrimSpace(string(output))
	}
	machine, _ := os.ReadFile("/etc/machine-id")
	own := strings.TrimSpace(string(machine))
	daemon := filepath.Join(t.TempDir(), "locksmithd")
	if err := os.Symlink(program, daemon); err != nil {
		t.Fatal(err)
	}

	// Another machine holds the lock: the update is ready, and nobody reboots.
	if text := lock("status"); text != "Available: 1\nMax: 1" {
		t.Errorf("nobody holds the lock, and the status is %q", text)
	}
	lock("lock", "another")
	first := startDaemon(t, daemon)
	time.Sleep(time.Second)
	e.Notify(engine.Status{Operation: engine.NeedReboot, NewVersion: "1.1.0", NewSize: 1})
	expect(t, reboots, 8*time.Second, false, "while another machine holds the lock")

	// It gives it back: this one's turn, which it takes at its next look.
	lock("unlock", "another")
	expect(t, reboots, 30*time.Second, true, "when the lock is free")
	if text := lock("status"); !strings.HasPrefix(text, "Available: 0\nMax: 1") || !strings.HasSuffix(text, own) {
		t.Errorf("this machine reboots, and the status is %q", text)
	}

	// After the reboot its locksmith gives the lock back. If it does not come up, somebody has to.
	first()
	stop := startDaemon(t, daemon)
	for try := 0; lock("status") != "Available: 1\nMax: 1"; try++ {
		if try > 60 {
			t.Fatalf("the lock was not given back: %s", lock("status"))
		}
		time.Sleep(500 * time.Millisecond)
	}

	// A drill: locksmithctl itself says on the bus that an update wants a reboot.
	lock("send-need-reboot")
	expect(t, reboots, 30*time.Second, true, "after send-need-reboot")
	stop()
	lock("unlock", own)
}

func expect(t *testing.T, reboots chan bool, within time.Duration, wanted bool, when string) {
	t.Helper()
	select {
	case <-reboots:
		if !wanted {
			t.Fatalf("a reboot %s", when)
		}
	case <-time.After(within):
		if wanted {
			t.Fatalf("no reboot %s", when)
		}
	}
}

func startLogin(t *testing.T) chan bool {
	t.Helper()
	connection, err := dbus.ConnectSystemBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	reboots := make(chan bool, 8)
	if err := connection.Export(login{reboots}, "/org/freedesktop/login1", "org.freedesktop.login1.Manager"); err != nil {
		t.Fatal(err)
	}
	if _, err := connection.RequestName("org.freedesktop.login1", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return reboots
}

const etcd = "http://127.0.0.1:23791"

func startEtcd(t *testing.T) {
	t.Helper()
	server := exec.Command("etcd", "--enable-v2", "--data-dir", t.TempDir(), "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
		"--listen-peer-urls", "http://127.0.0.1:23801", "--initial-advertise-peer-urls", "http://127.0.0.1:23801", "--initial-cluster", "default=http://127.0.0.1:23801")
	if err := server.Start(); err != nil {
		t.Fatalf("etcd, of the Debian package etcd-server, is needed: %v", err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	for try := 0; ; try++ {
		if answer, err := http.Get(etcd + "/health"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		if try > 100 {
			t.Fatal("etcd does not answer")
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func startDaemon(t *testing.T, program string) func() {
	t.Helper()
	log := &strings.Builder{}
	process := exec.Command(program)
	process.Env = append(os.Environ(), "REBOOT_STRATEGY=etcd-lock", "LOCKSMITHD_ENDPOINT="+etcd)
	process.Stdout, process.Stderr = log, log
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop := func() {
		if !stopped {
			stopped = true
			_ = process.Process.Kill()
			_ = process.Wait()
			t.Logf("locksmithd said:\n%s", log)
		}
	}
	t.Cleanup(stop)
	return stop
}
