package slots

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Find looks where /usr is mounted from. A system that runs from memory has no slot, and cannot be updated.
func Find() (Disk, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return Disk{}, err
	}
	device := source(string(mounts), "/usr")
	number, err := os.ReadFile(filepath.Join("/sys/class/block", filepath.Base(device), "partition"))
	if device == "" || err != nil {
		return Disk{}, fmt.Errorf("/usr is on %q, which is no slot of a disk: there is nothing that could be updated", device)
	}
	running, err := strconv.Atoi(strings.TrimSpace(string(number)))
	if err != nil || running != USRA && running != USRB {
		return Disk{}, fmt.Errorf("/usr is on %s, which is neither USR-A nor USR-B", device)
	}
	// /dev/vda3 is on /dev/vda, /dev/nvme0n1p3 on /dev/nvme0n1.
	stem := strings.TrimSuffix(device, strconv.Itoa(running))
	disk := stem
	if link, err := filepath.EvalSymlinks(filepath.Join("/sys/class/block", filepath.Base(device))); err == nil {
		disk = "/dev/" + filepath.Base(filepath.Dir(link))
	}
	devices := map[int]string{USRA: stem + strconv.Itoa(USRA), USRB: stem + strconv.Itoa(USRB)}
	return Disk{Path: disk, Devices: devices, Running: running}, nil
}

// source reads, from the kernel's list of mounts, what is mounted at a place; the last mount is the one that is seen.
func source(mounts, place string) string {
	device := ""
	for _, line := range strings.Split(mounts, "\n") {
		before, after, found := strings.Cut(line, " - ")
		fields, rest := strings.Fields(before), strings.Fields(after)
		if found && len(fields) > 4 && fields[4] == place && len(rest) > 1 {
			device = rest[1]
		}
	}
	return device
}
