package bus

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"coreos-lab/update-engine/engine"
	"coreos-lab/update-engine/slots"
)

// A bus of its own, which programs take for the system's.
func startBus(t *testing.T) { startBusAt(t, "unix:dir="+t.TempDir()) }

func startBusAt(t *testing.T, place string) {
	t.Helper()
	daemon := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address=1", "--address="+place)
	output, err := daemon.StdoutPipe()
	if err == nil {
		err = daemon.Start()
	}
	if err != nil {
		t.Fatalf("dbus-daemon, of the Debian package of that name, is needed: %v", err)
	}
	t.Cleanup(func() { _ = daemon.Process.Kill(); _ = daemon.Wait() })
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", strings.TrimSpace(address))
}

func serve(t *testing.T) *engine.Engine {
	t.Helper()
	connection, err := dbus.ConnectSystemBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	root := t.TempDir()
	for name, text := range map[string]string{"etc/flatcar/update.conf": "SERVER=disabled\n", "run/x": ""} {
		_ = os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755)
		_ = os.WriteFile(filepath.Join(root, name), []byte(text), 0o644)
	}
	e := &engine.Engine{Root: root, Disk: slots.Disk{Path: filepath.Join(root, "no-disk"), Running: slots.USRA}, HTTP: &http.Client{}, Silence: time.Second}
	e.Start()
	if err := Serve(context.Background(), connection, e); err != nil {
		t.Fatal(err)
	}
	return e
}

func client(t *testing.T, options ...string) (string, string, error) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "update_engine_client")
	if output, err := exec.Command("go", "build", "-o", program, "../cmd/update_engine_client").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, output)
	}
	command := exec.Command(program, options...)
	var out, messages strings.Builder
	command.Stdout, command.Stderr = &out, &messages
	err := command.Run()
	return out.String(), messages.String(), err
}

func TestClient(t *testing.T) {
	startBus(t)
	serve(t)
	// One dash or two, as on Flatcar. Standard output has these five lines and nothing else.
	for _, option := range []string{"-status", "--status"} {
		out, messages, err := client(t, option)
		if out != "LAST_CHECKED_TIME=0\nPROGRESS=0.000000\nCURRENT_OP=UPDATE_STATUS_IDLE\nNEW_VERSION=0.0.0\nNEW_SIZE=0\n" || err != nil {
			t.Errorf("%s: %q %s %v", option, out, messages, err)
		}
	}
	if out, messages, err := client(t, "-update"); err != nil || !strings.Contains(out, "CURRENT_OP=UPDATE_STATUS_IDLE") || !strings.Contains(messages, "No update available") {
		t.Errorf("-update: %q %q %v", out, messages, err)
	}
	if _, messages, err := client(t, "-reset_status"); err != nil || !strings.Contains(messages, "ResetStatus succeeded") {
		t.Errorf("-reset_status: %q %v", messages, err)
	}
	if _, messages, err := client(t, "update"); err == nil || !strings.Contains(messages, "Unknown argument: update") {
		t.Errorf("an argument that is none: %q %v", messages, err)
	}
}

func TestSignals(t *testing.T) {
	startBus(t)
	serve(t)
	listener, err := dbus.ConnectSystemBus()
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := listener.AddMatchSignal(dbus.WithMatchInterface(Interface), dbus.WithMatchMember("StatusUpdate")); err != nil {
		t.Fatal(err)
	}
	signals := make(chan *dbus.Signal, 32)
	listener.Signal(signals)
	if _, _, err := client(t, "-check_for_update"); err != nil {
		t.Fatal(err)
	}
	for _, operation := range []string{engine.Checking, engine.ReportingError, engine.Idle} {
		select {
		case signal := <-signals:
			if signal.Path != Path || len(signal.Body) != 5 || signal.Body[2] != operation {
				t.Errorf("%v instead of %s", signal, operation)
			}
			if _, isInteger := signal.Body[0].(int64); !isInteger {
				t.Errorf("%T", signal.Body[0])
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("no signal for %s", operation)
		}
	}
}

func TestOneEngineOnly(t *testing.T) {
	startBus(t)
	e := serve(t)
	connection, err := dbus.ConnectSystemBus()
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if err := Serve(context.Background(), connection, e); err == nil {
		t.Error("a second engine took the name")
	}
}
