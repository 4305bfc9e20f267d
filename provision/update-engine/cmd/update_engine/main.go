// update_engine of the Lab OS: a stand-in for Flatcar's program of this name, which is not packaged anywhere. It keeps the contracts and
// is written to be read; see README.md. Begin at engine/attempt.go.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/godbus/dbus/v5"

	"coreos-lab/update-engine/bus"
	"coreos-lab/update-engine/engine"
	"coreos-lab/update-engine/payload"
	"coreos-lab/update-engine/slots"
)

const (
	keyFile     = "/usr/share/update_engine/update-payload-key.pub.pem"
	postinstall = "/usr/libexec/labos/postinst"
)

func main() {
	// Flatcar's unit gives these. This program never does anything else.
	_ = flag.Bool("foreground", true, "do not become a daemon")
	_ = flag.Bool("logtostderr", true, "write the log to standard error")
	flag.Parse()
	log.SetFlags(0) // the journal has the time
	if err := run(); err != nil {
		log.Fatalf("update_engine: %v", err)
	}
}

func run() error {
	disk, err := slots.Find()
	if err != nil {
		// Not a failure: a machine that was booted over the network gets its next version from there.
		log.Printf("update_engine: %v", err)
		return nil
	}
	text, err := os.ReadFile(keyFile)
	if err != nil {
		return err
	}
	key, err := payload.PublicKey(text)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	connection, err := dbus.ConnectSystemBus()
	if err != nil {
		return err
	}
	defer connection.Close()

	e := &engine.Engine{
		Disk: disk, Key: key, HTTP: &http.Client{}, Postinstall: postinstall,
		Silence: engine.DefaultSilence, RetryWait: engine.DefaultRetryWait,
	}
	e.Start()
	if err := bus.Serve(ctx, connection, e); err != nil {
		return err
	}
	log.Printf("The Lab OS's stand-in for update_engine; /usr is partition %d of %s.", disk.Running, disk.Path)
	e.Run(ctx)
	return nil
}
