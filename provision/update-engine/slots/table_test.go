package slots

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A power cut in the middle of a write leaves one of the two tables damaged: the other one says what is true, and the next change mends both.
func TestDamagedTable(t *testing.T) {
	disk := Disk{Path: filepath.Join(t.TempDir(), "disk"), Running: USRA}
	if err := os.WriteFile(disk.Path, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	usr := "5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6"
	for _, command := range [][]string{
		{"create"},
		{"add", "-i", "3", "-b", "100", "-s", "10", "-t", usr, "-l", "USR-A", "-P", "2", "-T", "0", "-S", "1"},
		{"add", "-i", "4", "-b", "110", "-s", "10", "-t", usr, "-l", "USR-B", "-P", "1", "-T", "0", "-S", "0"},
	} {
		if output, err := exec.Command("cgpt", append(command, disk.Path)...).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, output)
		}
	}
	file, err := os.OpenFile(disk.Path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	// The entries of the first table, without its checksum.
	if _, err := file.WriteAt([]byte{0xff}, 1024+5*128+3); err != nil {
		t.Fatal(err)
	}
	file.Close()
	if a, err := disk.Read(USRA); err != nil || a != (Attributes{2, 0, 1}) {
		t.Errorf("%v %v", a, err)
	}
	if err := disk.TryNext(); err != nil {
		t.Fatal(err)
	}
	a, _ := disk.Read(USRA)
	b, _ := disk.Read(USRB)
	if a != (Attributes{1, 0, 1}) || b != (Attributes{2, 1, 0}) {
		t.Errorf("%v %v", a, b)
	}
	if output, err := exec.Command("cgpt", "show", disk.Path).CombinedOutput(); err != nil || len(output) == 0 {
		t.Errorf("%v %s", err, output)
	}
}
