package config

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestFirstFileWithTheKeyDecides(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(root, name)
		_ = os.MkdirAll(filepath.Dir(path), 0o755)
		_ = os.WriteFile(path, []byte(text), 0o644)
	}
	write("etc/flatcar/update.conf", "# GROUP=old\n GROUP = \"lab\" \nLAB_CHECK_INTERVAL=20s\nLAB_FIRST_CHECK=soon\nMACHINE_ALIAS=\n")
	write("usr/share/flatcar/update.conf", "GROUP=beta\nSERVER=http://example.test/\nMACHINE_ALIAS=x\n")
	write("usr/share/flatcar/release", "FLATCAR_RELEASE_VERSION=1.0.0\nGROUP=alpha\n")
	write("usr/share/oem/oem-release", "ID=qemu\nVERSION_ID=0.1\n")
	write("etc/machine-id", "abc\n")
	c := Read(root)
	want := Config{
		Server: "http://example.test/", Group: "lab", AppID: flatcarAppID, Version: "1.0.0", MachineID: "abc", BootID: "{}",
		MachineType: c.MachineType, OEM: "qemu", OEMVersion: "0.1", CheckInterval: 20 * time.Second,
	}
	if c != want {
		t.Errorf("got %+v\nwant %+v", c, want)
	}
}

func TestNothingWritten(t *testing.T) {
	c := Read(t.TempDir())
	if c.Server != ProductionServer || c.Group != "stable" {
		t.Errorf("%+v", c)
	}
}
