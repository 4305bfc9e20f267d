// update_engine_client asks the update engine, over D-Bus: options and output are those of Flatcar's program of this name.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/godbus/dbus/v5"

	"coreos-lab/update-engine/bus"
	"coreos-lab/update-engine/engine"
)

func main() {
	check := flag.Bool("check_for_update", false, "Initiate check for updates.")
	status := flag.Bool("status", false, "Print the status to stdout.")
	reset := flag.Bool("reset_status", false, "Sets the status in update_engine to idle.")
	update := flag.Bool("update", false, "Forces an update and waits for its completion. Exit status is 0 if the update succeeded, and 1 otherwise.")
	watch := flag.Bool("watch_for_updates", false, "Listen for status updates and print them to the screen.")
	flag.Parse()
	log.SetFlags(log.LstdFlags)
	if flag.NArg() > 0 {
		log.Printf("Unknown argument: %s", flag.Arg(0))
		os.Exit(1)
	}

	switch {
	case *reset:
		log.Print("Setting Update Engine status to idle ...")
		must(connect().Call(bus.Interface+".ResetStatus", 0).Err, "ResetStatus failed.")
		log.Print("ResetStatus succeeded; the partition table is as it was: cgpt show tells what boots next.")
	case *status:
		log.Print("Querying Update Engine status...")
		show(connect())
	case *check || *update:
		log.Print("Initiating update check and install.")
		engine := connect()
		must(engine.Call(bus.Interface+".AttemptUpdate", 0).Err, "Update check/initiate update failed.")
		if *update {
			log.Print("Waiting for update to complete.")
			complete(engine)
		}
	case *watch:
		log.Print("Watching for status updates.")
		follow()
	default:
		log.Print("Done.")
	}
}

// show prints the status and returns what the engine is doing.
func show(object dbus.BusObject) string {
	s := engine.Status{}
	err := object.Call(bus.Interface+".GetStatus", 0).Store(&s.LastChecked, &s.Progress, &s.Operation, &s.NewVersion, &s.NewSize)
	must(err, "Error getting status:")
	fmt.Printf("LAST_CHECKED_TIME=%d\nPROGRESS=%f\nCURRENT_OP=%s\nNEW_VERSION=%s\nNEW_SIZE=%d\n",
		s.LastChecked, s.Progress, s.Operation, s.NewVersion, s.NewSize)
	return s.Operation
}

// complete asks every five seconds, as Flatcar's client does. No update is no failure to it; nor, as there, is an update that failed.
func complete(object dbus.BusObject) {
	for {
		time.Sleep(5 * time.Second)
		switch show(object) {
		case engine.Idle:
			log.Print("No update available")
			return
		case engine.NeedReboot:
			log.Print("Update succeeded -- reboot needed.")
			return
		}
	}
}

func follow() {
	connection := systemBus()
	must(connection.AddMatchSignal(dbus.WithMatchInterface(bus.Interface), dbus.WithMatchMember("StatusUpdate")), "The bus refuses to tell:")
	signals := make(chan *dbus.Signal, 32)
	connection.Signal(signals)
	for signal := range signals {
		if len(signal.Body) != 5 {
			continue
		}
		log.Print("Got status update:")
		for i, name := range []string{"last_checked_time", "progress", "current_operation", "new_version", "new_size"} {
			log.Printf("  %s: %v", name, signal.Body[i])
		}
	}
	log.Fatal("The bus has gone.")
}

func systemBus() *dbus.Conn {
	connection, err := dbus.ConnectSystemBus()
	must(err, "Failed to get bus:")
	return connection
}

// connect waits up to half a minute for the engine, which may just be starting.
func connect() dbus.BusObject {
	connection := systemBus()
	for try := 1; ; try++ {
		var there bool
		err := connection.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, bus.Name).Store(&there)
		must(err, "Failed to get bus:")
		if there {
			return connection.Object(bus.Name, bus.Path)
		}
		if try == 4 {
			log.Fatalf("Giving up -- unable to get dbus proxy for %s: is update-engine.service running?", bus.Name)
		}
		log.Printf("%s is not on the bus. Try %d/4", bus.Name, try+1)
		time.Sleep(10 * time.Second)
	}
}

func must(err error, text string) {
	if err != nil {
		log.Fatalf("%s %v", text, err)
	}
}
